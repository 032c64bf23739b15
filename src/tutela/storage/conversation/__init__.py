"""Conversations in the database: features of them, what they came to, and never their text."""
