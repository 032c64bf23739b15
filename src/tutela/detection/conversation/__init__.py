"""Conversations rated for the risk of grooming: early, explained, and for people to judge.

See docs/explanation/conversations.md for the method and its limits.
"""
