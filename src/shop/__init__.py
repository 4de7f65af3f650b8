"""Mieruka Shop: an e-commerce backend on which people learn AWS observability."""

__version__ = "0.1.0"
