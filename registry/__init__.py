"""The shared core: use cases over local files, SageMaker, S3 and DynamoDB; knows nothing of MCP."""
