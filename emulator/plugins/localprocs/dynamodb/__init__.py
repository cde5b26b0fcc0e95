"""DynamoDB, answered by moto, with what moto leaves out: idempotent transactions, expiry, and cheap roll-back."""
