"""What people see of conversations, and what their decisions teach about ratings."""
