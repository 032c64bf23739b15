"""Actions on their way to destinations, and what an answer is worth."""
