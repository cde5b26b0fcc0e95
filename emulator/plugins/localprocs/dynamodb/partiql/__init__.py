"""PartiQL for DynamoDB: each statement is made into the call of DynamoDB's own API that it stands for."""
