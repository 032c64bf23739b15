"""The part of PDQ that takes the time: from a picture of any size to 64 by 64 numbers."""
