"""All tables as lines of JSON, the same from SQLite and PostgreSQL, and back into either."""
