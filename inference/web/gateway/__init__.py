"""The streams' front door for those who speak HTTP."""
