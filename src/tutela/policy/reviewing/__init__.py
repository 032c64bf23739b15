"""What a policy says of review: what follows from an outcome, and which reasons there are."""
