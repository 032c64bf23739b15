"""Tutela: guard children on an online service, and prove it. Start reading at `pipeline.py`."""
