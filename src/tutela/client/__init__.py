"""For the platform: a client of this server, and what checks the messages that it sends."""
