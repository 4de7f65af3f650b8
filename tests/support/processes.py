"""Processes as a test sees them from outside."""

import subprocess
import sys
from pathlib import Path

__all__ = ["listeners", "running"]


def running(pid: int) -> bool:
    """Whether it still does something: an orphan that has ended may stay as a zombie until init looks."""
    if sys.platform == "linux":
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return False
    else:
        shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
        state = shown.stdout.strip()[:1] or "Z"
    return state not in ("Z", "X")


def listeners(pid: int) -> set[str]:
    """The addresses on which this process listens (Linux), as in /proc/net/tcp: `0100007F` is 127.0.0.1."""
    sockets = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            sockets.add(str(descriptor.readlink()))
        except FileNotFoundError:
            continue
    found = set()
    for table in (Path(f"/proc/{pid}/net/tcp"), Path(f"/proc/{pid}/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            field = line.split()
            if field[3] == "0A" and f"socket:[{field[9]}]" in sockets:
                found.add(field[1].partition(":")[0])
    return found
