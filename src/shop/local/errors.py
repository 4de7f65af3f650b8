"""What stops a command."""

__all__ = ["Failed", "Refused"]


class Refused(Exception):
    """The command cannot do what was asked, for a reason its user can mend: one clear line, exit code 2."""


class Failed(Exception):
    """The command was right, but something broke on the way: one line, exit code 1."""
