"""How good a candidate is, how sure that is, and what moves a grade."""
