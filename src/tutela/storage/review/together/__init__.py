"""Cases that stand together: gathered by the program, merged and split by hand."""
