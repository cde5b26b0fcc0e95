"""What the scraper tells about itself: structured logs and metrics, both without secrets."""
