"""A batch of messages worked out: sorted by the law, carried on, stored, raised and told."""
