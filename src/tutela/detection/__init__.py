"""Bytes and text in, facts out: no network, no SQL, no framework. Usable alone as a library."""
