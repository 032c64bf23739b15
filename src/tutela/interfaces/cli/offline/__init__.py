"""Commands that need no server and no database: scan, and pack for it."""
