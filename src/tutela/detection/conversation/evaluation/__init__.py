"""Honest figures of a rater: what it finds, how early, at whose cost, and how sure that is."""
