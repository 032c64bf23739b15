"""The tests that a policy carries: facts, and what it must make of them."""
