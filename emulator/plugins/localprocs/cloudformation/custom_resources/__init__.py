"""Custom resources: a function or a topic of the user's makes them, and answers when it has."""
