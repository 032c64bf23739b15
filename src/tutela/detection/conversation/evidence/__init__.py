"""Evidence of what is said in a conversation: whose it is, and how it is summed and forgotten."""
