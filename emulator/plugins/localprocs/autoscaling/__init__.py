"""Application Auto Scaling for ECS services: target tracking and step scaling, driven by alarms."""
