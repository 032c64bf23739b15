"""`tutela backup` and `tutela restore`."""
