"""The commands `tutela actions` and `tutela destinations`."""
