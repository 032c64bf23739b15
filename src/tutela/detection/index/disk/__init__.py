"""The index on disk: checksummed files that several processes map, and the list of those in use."""
