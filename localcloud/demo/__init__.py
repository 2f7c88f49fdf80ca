"""`make run`: the whole service once, end to end, with a summary that says what was seen."""
