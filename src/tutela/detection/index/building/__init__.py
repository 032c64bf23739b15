"""Making what the match engine searches: sorting, and filling hash tables."""
