"""Policy: facts in, a decision with its reasons out. Rules are data; the law of a place is too."""
