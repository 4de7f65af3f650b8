"""Accounts, sessions, addresses. Lambda, DynamoDB, Cognito."""
