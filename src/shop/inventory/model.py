"""The rules of inventory, pure; and its errors."""
