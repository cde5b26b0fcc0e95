"""The state table: its keys, the shapes of its items, and the one way to call it."""
