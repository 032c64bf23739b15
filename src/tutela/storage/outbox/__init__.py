"""The outbox: where actions are sent, the actions on their way, and the work on them."""
