"""The API of who may come in."""
