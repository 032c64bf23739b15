"""Actions on their way, and the destinations that they are sent to."""
