"""What every service runs on: typed routes, messages, AWS, PostgreSQL."""
