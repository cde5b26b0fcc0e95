"""The event source mapping from SQS to Lambda: polls, batches, invokes, and deletes what succeeded."""
