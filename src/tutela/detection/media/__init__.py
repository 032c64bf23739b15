"""Bytes in, facts out: what they are, and the fingerprints of every picture in them.

Decoding happens in sandboxed children only (`pool.py`): what comes back is records, never pixels.
"""
