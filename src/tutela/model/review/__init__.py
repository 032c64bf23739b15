"""Review: accounts of people, queues, readings of cases, and what people were exposed to."""
