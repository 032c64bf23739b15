"""The openers of pictures and archives. Everything here runs in the sandboxed child only."""
