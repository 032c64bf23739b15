"""The past: kept signals, what grew since they came in, and re-scans with their findings."""
