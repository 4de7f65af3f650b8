"""Compiled modules: what they cost at every cold start, done once, with a Python of the version that runs them."""

import os
import subprocess
from pathlib import Path

__all__ = ["PLACE", "compile_all", "python_of"]

PLACE = "/var/task"  # where a package is when it runs; tracebacks name it, and never a folder of this machine
# Unchecked: Lambda's files never change, and without their times the same source gives the same bytes.
COMPILE = """
import pathlib, py_compile, sys
root, place = pathlib.Path(sys.argv[1]), sys.argv[2]
for file in sorted(root.rglob("*.py")):
    shown = f"{place}/{file.relative_to(root).as_posix()}"
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(str(file), dfile=shown, doraise=True, invalidation_mode=mode)
"""
WHICH = "import sys; print(sys.executable, *sys.version_info[:2])"


def compile_all(python: str, folder: Path) -> None:
    """Compile every module below `folder` with this interpreter."""
    # A set's constants are written in the order of their hashes, which differ from run to run unless the seed is given.
    command = [python, "-S", "-c", COMPILE, str(folder), PLACE]
    subprocess.run(command, check=True, env={"PYTHONHASHSEED": "0", "PATH": os.environ.get("PATH", "")})


def python_of(version: str) -> str | None:
    """A Python of this version on this machine, its full path; None where there is none.

    It is asked to run: the shims of version managers stand on the PATH for versions that are not chosen, too.
    """
    managed = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    candidates = [f"python{version}", *map(str, sorted(managed.glob(f"{version}.*/bin/python{version}"), reverse=True))]
    for candidate in candidates:
        try:
            asked = subprocess.run([candidate, "-c", WHICH], capture_output=True, text=True, timeout=20, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if asked.returncode == 0 and asked.stdout.split()[1:] == version.split("."):
            return asked.stdout.split()[0]
    return None
