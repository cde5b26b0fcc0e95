"""The limiter: forwards jobs at the rate that the site allows, in order for each account, and loses none."""

VERSION = "0.1.0"
"""Goes with each forwarded message as ``rate_limiter_version``."""
