"""What the page shows, read from where it is true: queues, table, logs, CloudWatch, ECS; nothing is remembered."""
