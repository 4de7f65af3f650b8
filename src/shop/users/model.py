"""The rules of users, pure; and its errors."""
