"""`manifest.json` beside the zips: what they are, for who deploys them."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from shop.contracts.topology import FUNCTIONS

__all__ = ["FILE", "PACKAGED", "Manifest", "Package", "Target", "handlers"]

FILE = "manifest.json"
Target = Literal["aws", "host"]
PACKAGED = tuple(dict.fromkeys(function.service for function in FUNCTIONS))  # services whose functions need a zip


def handlers(service: str) -> dict[str, str]:
    """The functions of a service, by name, with what Lambda calls."""
    return {function.name: function.handler for function in FUNCTIONS if function.service == service}


@dataclass(frozen=True, slots=True)
class Package:
    """One zip. `input` stands for everything that it was made of; `bytecode` is the Python that compiled it, if any."""

    file: str
    sha256: str
    bytes: int
    handlers: dict[str, str]
    bytecode: str | None
    input: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """All zips of a folder. `commit`: the source's, with a `+` where that was changed since."""

    target: str
    python: str
    machine: str
    commit: str
    packages: dict[str, Package] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> "Manifest | None":
        """The manifest of a folder; None where there is none that can be understood."""
        try:
            told: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
            packages = {name: Package(**each) for name, each in told.pop("packages").items()}
            return cls(packages=packages, **told)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def write(self, folder: Path) -> None:
        """Write it, whole or not at all."""
        draft = folder / f"{FILE}.new"
        draft.write_text(json.dumps(asdict(self), indent=2, sort_keys=True) + "\n", encoding="utf-8")
        draft.replace(folder / FILE)
