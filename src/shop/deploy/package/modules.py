"""Which modules of `shop` a package holds: its service's own, and of the shared parts those that it can import."""

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

__all__ = ["NEVER_IN_A_FUNCTION", "NEVER_ON_AWS", "SHARED", "Incomplete", "Module", "Source"]

SHARED = ("kernel", "contracts", "telemetry", "runtime")  # parts of `shop` that every service may use
# What is imported only where it is there, and never on Lambda: a role's credentials are in a function's environment,
# and the stock instrumentation is a comparison made while developing.
NEVER_ON_AWS = frozenset({"shop.telemetry.stock.Stock"})
NEVER_IN_A_FUNCTION = NEVER_ON_AWS | {"botocore.session"}


class Incomplete(Exception):
    """A module of the service imports what its package would not hold."""


@dataclass(frozen=True)
class Module:
    """A module of `shop`."""

    name: str
    path: Path

    @cached_property
    def imports(self) -> frozenset[str]:
        """What it imports, at once or later. `from a import b` is `a.b`, of which `b` may be a module or not."""
        return frozenset(imported(ast.parse(self.path.read_text(encoding="utf-8"))))


def imported(node: ast.AST) -> Iterator[str]:
    """What is imported below `node`; what only a type checker reads is left out."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        else:
            yield from imported(child)


@dataclass(frozen=True)
class Source:
    """The source of `shop`, of which a package takes its part. `site`: the folder of the installed packages."""

    root: Path  # the folder that holds the package `shop`
    service: str
    site: Path
    never: frozenset[str] = NEVER_IN_A_FUNCTION
    more: tuple[str, ...] = ()  # modules beside, such as shop.deploy.databases

    def files(self) -> list[Path]:
        """Everything to take, relative to `root`, sorted. Raises Incomplete."""
        modules = self.modules()
        folders = {module.path.parent for module in modules.values()}
        data = (file for folder in folders for file in self._data(folder, folders))
        found = {*(module.path for module in modules.values()), *data}
        return sorted(file.relative_to(self.root) for file in found)

    def modules(self) -> dict[str, Module]:
        """The modules to take, by name. Raises Incomplete.

        A shared module that imports what this package has no use for, such as the driver of another database, is left
        out, and so is what imports that one.
        """
        own = self._below(self.service) | {name: self._module(name) for name in self.more}
        taken = own | self._parents(own) | {name: each for part in SHARED for name, each in self._below(part).items()}
        while lacking := {name: missing for name, each in taken.items() if (missing := self._missing(each, taken))}:
            if broken := [name for name in lacking if name in own]:
                raise Incomplete(f"{broken[0]} imports {', '.join(lacking[broken[0]])}, which is not in the package")
            for name in lacking:
                del taken[name]
        return taken

    def _missing(self, module: Module, taken: dict[str, Module]) -> list[str]:
        return sorted(name for name in module.imports - self.never if not self._there(name, taken))

    def _there(self, name: str, taken: dict[str, Module]) -> bool:
        """Whether an import finds its module, or the module that it takes something from."""
        parent = name.rpartition(".")[0]
        if name.partition(".")[0] != "shop":
            return name.partition(".")[0] in sys.stdlib_module_names or installed(self.site, name)
        if (self.root / Path(*name.split("."))).with_suffix(".py").exists() or self._is_package(name):
            return name in taken
        return parent in taken

    def _is_package(self, name: str) -> bool:
        return (self.root / Path(*name.split(".")) / "__init__.py").exists()

    def _module(self, name: str) -> Module:
        path = self.root / Path(*name.split("."))
        return Module(name, path / "__init__.py" if path.is_dir() else path.with_suffix(".py"))

    def _below(self, part: str) -> dict[str, Module]:
        """All modules of a part of `shop`, but for programs that nobody imports."""
        folder = self.root / "shop" / part
        names = (".".join(file.relative_to(self.root).with_suffix("").parts) for file in folder.rglob("*.py"))
        return {name: self._module(name) for name in (each.removesuffix(".__init__") for each in names)}

    def _parents(self, modules: Iterable[str]) -> dict[str, Module]:
        """The packages around them."""
        names = {name.rsplit(".", depth)[0] for name in modules for depth in range(1, name.count(".") + 1)}
        return {name: self._module(name) for name in names}

    def _data(self, folder: Path, packages: set[Path]) -> Iterator[Path]:
        """What is no code: templates, migrations, the API's document. Packages below `folder` have their own."""
        for each in folder.iterdir():
            if each.is_dir() and each.name != "__pycache__" and not (each / "__init__.py").exists():
                yield from self._data(each, packages)
            elif each.is_file() and each.suffix not in (".py", ".pyc"):
                yield each


def installed(site: Path, name: str) -> bool:
    """Whether an import of this name finds a module in `site`, or one that it takes something from."""
    parts = name.split(".")
    if not module_at(site, parts[:1]):
        return False
    return module_at(site, parts) or module_at(site, parts[:-1] or parts)


def module_at(site: Path, parts: list[str]) -> bool:
    """Whether there is a module, a package, a namespace or an extension of this name."""
    place = site.joinpath(*parts)
    return place.is_dir() or place.with_suffix(".py").exists() or any(place.parent.glob(f"{place.name}.*so"))
