"""Lists: how banks and entries come in, go out and reach the index."""
