"""The vault: encrypted objects, written once, verified whenever they are read."""
