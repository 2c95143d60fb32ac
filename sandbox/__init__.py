"""A local AWS: our SageMaker, STS and ECR emulator beside a real engine for S3 and DynamoDB."""
