"""Secrets Manager with the rotation that LocalStack lacks: in the background, and when it is due."""
