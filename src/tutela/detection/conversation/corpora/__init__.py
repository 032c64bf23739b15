"""Files of conversations: read as a stream, whatever is damaged in them, and made."""
