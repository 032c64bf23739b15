"""Figures of review: how much there is, how long it waits, and how well people agree."""
