"""Where people and programs talk to Tutela: the JSON API, the console and the command line."""
