"""Raters that an operator trains on its own data, or brings as a network on disk."""
