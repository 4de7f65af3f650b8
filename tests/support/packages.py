"""The zips of this source, made once and kept for the next run: those that have not changed are not made again."""

from functools import cache
from pathlib import Path

from shop.deploy.package.build import ROOT, package
from shop.deploy.package.manifest import Manifest, Target

__all__ = ["packed"]


@cache
def packed(target: Target) -> tuple[Path, Manifest]:
    """The folder of all zips for one kind of machine, and what the manifest says of them."""
    return ROOT / "dist" / target, package(target, (), None, tell=lambda _: None)
