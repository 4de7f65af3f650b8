"""Out: events and commands."""
