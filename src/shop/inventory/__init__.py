"""Stock, reservations, alerts. Lambda, DynamoDB, SQS FIFO."""
