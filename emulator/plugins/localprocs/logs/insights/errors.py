"""What is wrong with a query."""


class MalformedQuery(Exception):
    """A query that is not understood, or that asks for what is not emulated; the text says which."""
