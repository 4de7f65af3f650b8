"""OpenTelemetry's API, served by this package: what a library or a learner records with it goes the way of ours.

`opentelemetry-api` costs 12 ms and 3 MB to import, and the shop itself does not need it. So ours is put under it when,
and only when, somebody imports it. (The classes here have no base from `importlib.abc`, which takes 3 ms to import.)
"""

import importlib
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any, cast

__all__ = ["serve"]

IMPLEMENTED = {
    "opentelemetry.trace": "shop.telemetry.api.traces",
    "opentelemetry.metrics": "shop.telemetry.api.metrics",
}


class Loader:
    """Loads a module of the API as ever, then ours under it."""

    def __init__(self, original: Any) -> None:
        self.original = original

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """As the original does."""
        module: ModuleType | None = self.original.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """As the original does; then the module looks as if it had been loaded by that alone."""
        if module.__spec__ is not None:
            module.__spec__.loader = module.__loader__ = self.original
        self.original.exec_module(module)
        install(module.__name__)


class Finder:
    """Waits for the API to be imported."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The API's own spec, with our loader around its own."""
        if name not in IMPLEMENTED:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = cast("Any", Loader(spec.loader))
        return spec


def install(name: str) -> None:
    """Puts ours under a module of the API that has been imported."""
    importlib.import_module(IMPLEMENTED[name]).install()


def serve() -> None:
    """From now on, whoever uses OpenTelemetry's API uses this package, whether it was imported already or will be."""
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder())
        for name in IMPLEMENTED:
            if name in sys.modules:
                install(name)
