"""How busy a shop is through the day: quiet at night, busier at lunch, busiest in the evening."""

import math

__all__ = ["DAY", "busyness"]

DAY = 86_400.0  # seconds
PEAKS = ((12.5, 1.5, 0.87), (21.0, 2.5, 1.57))  # hour, width in hours, height above the quiet of the night
QUIET = 0.61


def busyness(second: float) -> float:
    """How much happens at this second of a day, 1 on average: between 0.6 and 2.2."""
    hour = (second % DAY) / 3600
    return QUIET + sum(height * math.exp(-((apart(hour, at) / width) ** 2)) for at, width, height in PEAKS)


def apart(one: float, other: float) -> float:
    """Hours between two times of the day, across midnight where that is shorter."""
    distance = abs(one - other)
    return min(distance, 24 - distance)
