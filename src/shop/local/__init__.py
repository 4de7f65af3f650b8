"""The shop on one laptop: real servers at other endpoints."""
