"""Backups: everything that must survive, encrypted, in a folder; and the way back."""
