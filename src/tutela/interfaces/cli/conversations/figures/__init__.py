"""Honest figures of raters on a terminal and as a page, and a corpus to try them on."""
