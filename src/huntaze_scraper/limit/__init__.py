"""The one limit of both gates, limiter and site: its rate and its line, pure; the turns that the scraper takes."""
