"""Tier (c): a network that the operator brings, asked only about what is rated high already."""
