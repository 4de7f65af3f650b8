"""A PostgreSQL whose supervisor was killed: what it leaves behind when it was killed too, or has not ended yet."""

import os
import subprocess
import sys
import time
from pathlib import Path
from signal import SIGINT, SIGQUIT

from shop.local.errors import Refused
from shop.local.language import say

__all__ = ["end_leftover"]

NOTICES = 3.0  # seconds that a server, and after it its backends, may take to notice a death
ENDS = 5.0


def end_leftover(data: Path) -> None:
    """End a server that still runs on `data`, and drop the pid file of one that was killed.

    PostgreSQL would refuse to start when the number in that file is that of any process: after a restart of the
    machine, or in a container, it is likely somebody else's.
    """
    pid_file = data / "postmaster.pid"
    pid = noted(pid_file)
    if pid is None:
        return
    if not serves(pid, data):
        pid_file.unlink(missing_ok=True)
        return
    if not (gone(pid, data, NOTICES) or ends(pid, data, SIGINT) or ends(pid, data, SIGQUIT)):
        raise Refused(
            say(f"PostgreSQL (PID {pid}) がまだ {data} を使っています", f"a PostgreSQL (pid {pid}) still uses {data}")
        )


def noted(pid_file: Path) -> int | None:
    """The process id in a postmaster.pid, or None."""
    try:
        return int(pid_file.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None


def serves(pid: int, data: Path) -> bool:
    """Whether this process is a live PostgreSQL on `data`. A zombie is none: it only waits for its parent."""
    if sys.platform == "linux":
        try:
            command = Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
        except OSError:
            return False
    else:
        listing = ["ps", "-o", "command=", "-p", str(pid)]
        command = subprocess.run(listing, capture_output=True, text=True, check=False).stdout
    return "postgres" in command and str(data) in command


def ends(pid: int, data: Path, number: int) -> bool:
    """Tell it to end; whether it does."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return True
    return gone(pid, data, ENDS)


def gone(pid: int, data: Path, seconds: float) -> bool:
    """Whether it is gone within this time."""
    deadline = time.monotonic() + seconds
    while serves(pid, data):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
