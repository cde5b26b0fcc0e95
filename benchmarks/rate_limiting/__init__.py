"""The limiter against one that lets waiting messages come back to ask again."""
