"""Who may come in: API keys, sessions of the console, sign-in codes."""
