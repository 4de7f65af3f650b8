"""What answers where no service does."""
