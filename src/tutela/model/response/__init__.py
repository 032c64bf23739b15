"""The words for what is decided and done about an event."""
