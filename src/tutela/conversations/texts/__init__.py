"""Text that is shown to many: rated where the law lets it be."""
