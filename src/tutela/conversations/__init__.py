"""Conversations as they go on: messages in, ratings out, and events where a rating rises."""
