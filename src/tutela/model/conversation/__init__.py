"""Conversations: who wrote what to whom, and what a machine makes of it."""
