"""Carts, orders, payment: event-sourced. Fargate, PostgreSQL."""
