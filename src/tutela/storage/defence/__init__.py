"""Defence against false positives, as far as it is remembered: floods, parkings, silences."""
