"""The rules of catalog, pure; and its errors."""
