"""Review: how cases are gathered, queued, claimed and decided, and what people saw of them."""
