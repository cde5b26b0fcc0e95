"""The plan's names of what several components, operators' tools, runbooks and dashboards refer to."""

QUEUES_STACK = "HuntazeQueues"
LIMITER_STACK = "HuntazeRateLimiter"
SCRAPER_STACK = "HuntazeScraper"
REGISTRY_STACK = "HuntazeRegistry"
PIPELINE_STACKS = (QUEUES_STACK, LIMITER_STACK, SCRAPER_STACK)
"""Whose outputs describe the pipeline."""

CLUSTER = "huntaze-cluster"
SERVICE = "huntaze-onlyfans-scraper-service"
TASK_FAMILY = "huntaze-onlyfans-scraper"
LIMITER_FUNCTION = "huntaze-rate-limiter"
ROTATION_FUNCTION = "huntaze-credentials-rotation"
ALARM_TOPIC = "huntaze-cost-alerts"
DASHBOARD = "Huntaze-OnlyFans-Scraper"
CREDENTIALS = "huntaze/onlyfans/credentials"
SCRAPER_LOGS = "/huntaze/production/onlyfans-scraper"
LIMITER_LOGS = f"/aws/lambda/{LIMITER_FUNCTION}"
