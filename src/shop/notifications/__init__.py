"""Mails, once per cause. Lambda, DynamoDB, SES."""
