"""The start of every process of the shop: it ends when its parent does, however sudden that death.

    python -m shop.local.child <lifeline> -m <module> [argument ...]    a Python program, in this process
    python -m shop.local.child <lifeline> INT <program> [argument ...]  any program, guarded, ended by this signal

The lifeline is the reading end of a pipe whose writing end only the parent holds: it closes when the parent is gone.
On Linux the kernel sends SIGTERM as well (PR_SET_PDEATHSIG), and takes the thread that spawned for the parent: spawn
from one that lives as long as the parent does.
"""

import ctypes
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from typing import Final

__all__ = ["GRACE", "ask_the_kernel", "die_with_parent", "main"]

PR_SET_PDEATHSIG: Final = 1
GRACE: Final = 8.0  # seconds for a clean end after the parent's death; the emulator asks for more, since it saves


def die_with_parent(lifeline: int, grace: float) -> None:
    """End this process by SIGTERM when the parent dies, and by force when it is still there `grace` seconds later."""
    ask_the_kernel()
    threading.Thread(target=watch, args=(lifeline, grace), name="lifeline", daemon=True).start()


def ask_the_kernel() -> None:
    """On Linux: SIGTERM as soon as the thread that spawned us is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def watch(lifeline: int, grace: float) -> None:
    """Wait for the end of the lifeline, then for the end of this process."""
    wait_for_end(lifeline)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace)
    os._exit(1)


def wait_for_end(lifeline: int) -> None:
    """Return when the writing end of `lifeline` is closed. Nobody ever writes to it."""
    while os.read(lifeline, 1):
        pass


def guard(lifeline: int, end: signal.Signals, command: list[str]) -> int:
    """Run `command`, hand SIGTERM and SIGINT on to it as `end`, and end it so when the parent dies."""
    child = subprocess.Popen(command)
    for received in (signal.SIGTERM, signal.SIGINT):
        signal.signal(received, lambda *_: child.send_signal(end))

    def pass_on() -> None:
        wait_for_end(lifeline)
        child.send_signal(end)

    threading.Thread(target=pass_on, name="lifeline", daemon=True).start()
    return child.wait()


def main(arguments: list[str]) -> None:
    """Do what the module's text says."""
    lifeline, first, *rest = int(arguments[0]), *arguments[1:]
    if first != "-m":
        sys.exit(guard(lifeline, signal.Signals[f"SIG{first}"], rest))
    die_with_parent(lifeline, float(os.environ.pop("SHOP_LIFELINE_GRACE", GRACE)))
    module, *sys.argv[1:] = rest
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
