"""Evidence: what lies in the vault, for how long, and what holds it."""
