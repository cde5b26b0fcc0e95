"""Amazon ECS on Fargate, with a process in the place of each container."""
