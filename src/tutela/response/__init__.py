"""Response: what is done about a decision."""
