"""What a deployable's package will hold, as a folder of links: the packages of its dependency group, and its part of
`shop`."""

import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = ["SHARED", "plant"]

ROOT = Path(__file__).parents[2]
SHARED = ("kernel", "contracts", "telemetry", "runtime")  # parts of `shop` that every service may use


def plant(service: str, folder: Path) -> Path:
    """Fill `folder` with what the package of this service holds."""
    for package in needed(group(service)):
        for place in places(package):
            link(folder / place, Path(str(package.locate_file(place))))
    source = ROOT / "src" / "shop"
    for part in ("__init__.py", *SHARED, service):
        link(folder / "shop" / part, source / part)
    return folder


def link(new: Path, there: Path) -> None:
    """One link, and the folders above it."""
    new.parent.mkdir(parents=True, exist_ok=True)
    if not new.exists():
        new.symlink_to(there)


def group(service: str) -> list[str]:
    """The dependency group of a service, which has its name."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    return list(groups[service])


def needed(requirements: Iterable[str]) -> list[Distribution]:
    """The packages that these name, and all that those need, on this machine."""
    found: dict[str, Distribution] = {}
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found[name] = distribution(requirement.name)
        waiting += [Requirement(text) for text in found[name].requires or ()]
    return list(found.values())


def places(package: Distribution) -> Iterator[Path]:
    """What a package has installed: modules, packages, and of a namespace that several share its own part alone."""
    files = {Path(str(file)) for file in package.files or ()}
    tops = {file.parts[0] for file in files} - {".."}
    for top in tops:
        if Path(top) in files or top.endswith(".dist-info") or Path(top, "__init__.py") in files:
            yield Path(top)
        else:
            yield from {Path(*file.parts[:2]) for file in files if file.parts[0] == top}
