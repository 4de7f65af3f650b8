"""The transition table of an order."""
