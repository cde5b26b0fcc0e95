"""The pipeline's queues: SQS's limits, the attributes that our messages bear, and calls in batches."""
