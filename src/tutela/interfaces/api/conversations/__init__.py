"""The JSON API of conversations: messages in, ratings out, and what is counted of accounts."""
