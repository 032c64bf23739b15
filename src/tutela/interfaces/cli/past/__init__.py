"""The command `tutela rescan`."""
