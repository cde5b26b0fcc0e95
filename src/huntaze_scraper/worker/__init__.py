"""The Fargate process: takes jobs from the workflows queue and carries each out once."""
