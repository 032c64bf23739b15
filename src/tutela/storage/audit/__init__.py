"""The audit log: one growing Merkle tree of everything that people and policies did."""
