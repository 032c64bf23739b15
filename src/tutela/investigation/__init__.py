"""Investigation: fast triage of files and folders. Today: compare them with lists, offline."""
