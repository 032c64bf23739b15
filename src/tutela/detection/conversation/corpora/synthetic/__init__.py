"""A corpus that is made, not collected: seeded, harmless, and labelled synthetic everywhere."""
