"""Charts drawn on the server as SVG. Whoever shows one shows its numbers in a table beside it."""
