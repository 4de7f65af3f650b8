"""Simulated customers: journeys through the shop over HTTP, marked as synthetic, and the truth about what they did."""
