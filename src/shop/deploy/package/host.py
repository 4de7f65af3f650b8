"""Packages on this machine: `shop up --from-zips` runs the functions from them, as Lambda would."""

import shutil
from collections.abc import Callable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from re import match

from shop.deploy.package import archive
from shop.deploy.package.build import ROOT, package
from shop.local.environment import Packages
from shop.local.errors import Refused

__all__ = ["ready"]

RUNTIME = "awslambdaric"  # what Lambda itself puts beside a package; where there is no wheel, the host has its own


def ready(data: Path, tell: Callable[[str], None]) -> Packages:
    """The packages of this machine, made where they are missing or old, and unpacked below a shop's data folder, which
    is this process's.

    Refused, Failed: as `package`.
    """
    out, below = ROOT / "dist" / "host", data / "packages"
    made = package("host", (), out, tell=tell).packages
    try:
        folders = {name: archive.unpack(out / each.file, each.sha256, below) for name, each in made.items()}
        forget_others(below, set(folders.values()))
        return Packages({name: str(folder) for name, folder in folders.items()}, str(runtime(below / "runtime")))
    except OSError as error:
        raise Refused(f"{error.filename or below}: {error.strerror}") from error


def forget_others(below: Path, kept: set[Path]) -> None:
    """Remove what was unpacked for a source that is no more."""
    for folder in below.iterdir():
        if folder not in kept:
            shutil.rmtree(folder, ignore_errors=True)


def runtime(folder: Path) -> Path:
    """A folder with links to AWS's runtime client and what that needs, and to nothing else that is installed here."""
    folder.mkdir(parents=True)
    for each in needed(RUNTIME):
        for name in {file.parts[0] for file in each.files or ()} - {"..", "__pycache__"}:
            (folder / name).symlink_to(Path(str(each.locate_file(name))))
    return folder


def needed(name: str) -> Iterator[Distribution]:
    """An installed package and what it requires; nothing where it is not installed."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return
    yield found
    for requirement in found.requires or ():
        if "extra ==" not in requirement and (named := match(r"[A-Za-z0-9._-]+", requirement)):
            yield from needed(named[0])
