"""Commands about evidence and the vault."""
