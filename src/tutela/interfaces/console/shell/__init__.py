"""What is around every page: where one can go, the keys, and the reader's language."""
