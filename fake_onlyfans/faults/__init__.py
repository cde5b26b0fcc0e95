"""Faults: each a small ASGI wrapper of its own, put around the site for the requests that a rule matches."""
