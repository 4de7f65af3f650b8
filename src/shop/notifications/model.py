"""The rules of notifications, pure; and its errors."""
