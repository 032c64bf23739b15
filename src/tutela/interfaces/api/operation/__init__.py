"""What runs the server asks: its health, its metrics."""
