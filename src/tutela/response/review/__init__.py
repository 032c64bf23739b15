"""Review: cases are gathered and stacked."""
