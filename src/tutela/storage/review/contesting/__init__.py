"""Appeals: what they contest, where they stand, and how many are granted."""
