"""Text as it was meant: a normaliser with offsets, languages, contact details, terms."""
