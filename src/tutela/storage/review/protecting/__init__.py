"""What protects people from what they must look at: lifts, recusals, and what was avoided."""
