"""CloudWatch Logs: filter patterns, Insights, and the limits of PutLogEvents, where moto has less."""
