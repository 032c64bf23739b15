"""Cues: what in a message counts as evidence, declared in one versioned file per language."""
