"""One step of the history each; never changed once released."""
