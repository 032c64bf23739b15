"""Oversight: counts all of it, principle by principle."""
