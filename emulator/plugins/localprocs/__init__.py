"""LocalStack plug-ins that run Lambda functions and ECS services as processes, without Docker."""
