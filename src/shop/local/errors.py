"""What stops a command before it has begun."""

__all__ = ["Refused"]


class Refused(Exception):
    """The command cannot do what was asked, for a reason its user can mend: one clear line, exit code 2."""
