"""What the shop tells about itself: metrics, spans, log lines."""
