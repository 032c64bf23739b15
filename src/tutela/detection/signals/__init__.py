"""Fingerprints of content, one file per kind, and the Protocols that every kind fits."""
