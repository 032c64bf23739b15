"""Policies explained to people: why something was decided, and how two policies differ."""
