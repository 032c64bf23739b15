"""What is kept as evidence, for how long, and what stands in the audit log."""
