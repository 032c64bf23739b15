"""Appeals: what they contest, and where they stand."""
