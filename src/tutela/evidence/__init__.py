"""Evidence: the vault, the audit log, and the custody of both."""
