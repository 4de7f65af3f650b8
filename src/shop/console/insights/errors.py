"""What can be wrong with a query."""

__all__ = ["InsightsError"]


class InsightsError(Exception):
    """A query that cannot be read or answered; `position` is where, in characters from 0."""

    def __init__(self, message: str, position: int) -> None:
        self.message = message
        self.position = position
        super().__init__(message)
