"""The engine: what a condition needs of the facts, told from its syntax, and an index over it."""
