"""The content of a package: `python -m shop.deploy.package.tree SERVICE FOLDER`, in an image's build.

FOLDER has the packages of the service's dependency group, as uv installs them. They are trimmed to what is used when
the service runs, and its part of `shop` is put beside them.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from shop.contracts.topology import CONTAINERS
from shop.deploy.package.bytecode import compile_all
from shop.deploy.package.modules import NEVER_IN_A_FUNCTION, NEVER_ON_AWS, Source

__all__ = ["main", "plant", "trim"]

ROOT = Path(__file__).parents[3]  # holds the package `shop`
NOT_RUN = frozenset({"bin", "tests", "test", "__pycache__"})  # folders
SOURCES = frozenset({".pyi", ".pyc", ".c", ".h", ".cpp", ".pxd", ".pyx"})
MARKS = frozenset({"py.typed", ".lock"})
TOLD = frozenset({"METADATA", "entry_points.txt"})  # OpenTelemetry asks for its entry points, Inspector for versions
# Of botocore's 25 MB the role's credentials need none of the services' models.
BOTOCORE = frozenset({"_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json"})
DATABASES = "shop.deploy.databases"  # a task that any image of a container can run


def plant(service: str, folder: Path) -> None:
    """Trim what is installed in `folder`, and put the service's part of `shop` beside it. Raises Incomplete."""
    trim(folder)
    for file in source_of(service, folder).files():
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / file, target)


def source_of(service: str, site: Path) -> Source:
    """Where the service's part comes from."""
    if any(container.service == service for container in CONTAINERS):
        return Source(ROOT, service, site, NEVER_ON_AWS, (DATABASES,))
    return Source(ROOT, service, site, NEVER_IN_A_FUNCTION)


def trim(folder: Path) -> None:
    """Remove what nobody reads when the service runs."""
    for file in list(unread(folder)):
        file.unlink()
    for place in sorted((each for each in folder.rglob("*") if each.is_dir()), reverse=True):
        if not any(place.iterdir()):
            place.rmdir()


def unread(folder: Path) -> Iterator[Path]:
    """The files that go."""
    for file in folder.rglob("*"):
        if file.is_file() or file.is_symlink():
            parts = file.relative_to(folder).parts
            if not is_read(parts):
                yield file


def is_read(parts: tuple[str, ...]) -> bool:
    """Whether a file is needed when the service runs."""
    name, suffix = parts[-1], Path(parts[-1]).suffix
    if parts[0].endswith(".dist-info"):
        return len(parts) == 2 and name in TOLD
    if parts[:2] == ("botocore", "data"):
        return "/".join(parts[2:]).removesuffix(".gz") in BOTOCORE
    return not NOT_RUN.intersection(parts[:-1]) and suffix not in SOURCES and name not in MARKS


def main(arguments: list[str]) -> int:
    """Plant, and compile with this very Python."""
    service, folder = arguments
    plant(service, Path(folder))
    compile_all(sys.executable, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
