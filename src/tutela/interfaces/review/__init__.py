"""What the faces of review share."""
