"""Processes as a test sees them from outside."""

import subprocess
import sys
from pathlib import Path

__all__ = ["descendants", "listeners", "running"]


def descendants(pid: int) -> dict[int, str]:
    """The children of a process, theirs and so on, with their command lines (Linux)."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            children.setdefault(parent, []).append(int(folder.name))
    found: dict[int, str] = {}
    waiting = [pid]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            waiting.append(child)
            try:
                found[child] = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


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
