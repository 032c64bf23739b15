"""Drills: harmless photographs, edits of them, and what a sound server must answer.

Everything here is made from the photographs that `PROVENANCE.md` lists. A drill never touches
anything but the server that it starts itself.
"""
