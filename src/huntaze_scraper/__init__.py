"""Runs jobs on creators' own OnlyFans accounts: limiter and scraper."""
