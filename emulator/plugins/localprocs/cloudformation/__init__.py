"""CloudFormation resource types that LocalStack lacks, mocks, or cannot update."""
