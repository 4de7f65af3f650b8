"""The rules of orders, pure; and its errors."""
