"""The long work on evidence: it expires, is verified, handed in later, and its keys are changed."""
