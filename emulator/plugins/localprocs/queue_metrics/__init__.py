"""The metrics of SQS queues, published every minute for every active queue."""
