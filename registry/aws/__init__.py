"""SageMaker, S3, ECR, STS and DynamoDB behind the store protocols; boto3 on first use only."""
