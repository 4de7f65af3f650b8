"""Makes names.py, catalogue.json, points.json, slos.json, docs/signals/ and parts of docs/aws/look*.md.

`python -m shop.telemetry.generate`. They come from the registry, points.yaml and slos.yaml; with `--check` nothing is
written.

A tool for whoever changes the registry: it needs PyYAML, which the shop itself does not.
"""

import argparse
import itertools
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from shop.telemetry import points, slos
from shop.telemetry.look import filled
from shop.telemetry.pages import index_page, point_page, reference_page
from shop.telemetry.points import Point
from shop.telemetry.slos import Slos

__all__ = ["Registry", "constant", "main", "outputs"]

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SIGNALS = ROOT / "docs" / "signals"
LOOK = {"en": ROOT / "docs" / "aws" / "look.md", "ja": ROOT / "docs" / "aws" / "look.ja.md"}
MARK = "  # noqa: S105 - a name"  # ruff takes a constant with SECRET in it for a password
IMPORTED = [  # what the semantic conventions say of the metrics that we take from them
    {
        "name": "http.server.request.duration",
        "kind": "histogram",
        "unit": "s",
        "brief": "Duration of HTTP server requests.",
    },
    {
        "name": "faas.coldstarts",
        "kind": "counter",
        "unit": "{coldstart}",
        "brief": "Number of invocation cold starts.",
    },
]
HEADER = '"""{title}\n\nMade from registry/*.yaml by `python -m shop.telemetry.generate`: change it there.\n"""\n'


class Registry:
    """All definitions of the registry's files, each kind in order of file and line."""

    def __init__(self, folder: Path = HERE / "registry") -> None:
        files = [yaml.safe_load(path.read_text("utf-8")) for path in sorted(folder.glob("*.yaml"))]
        self.attributes: list[dict[str, Any]] = [item for file in files for item in file.get("attributes", ())]
        self.metrics: list[dict[str, Any]] = [item for file in files for item in file.get("metrics", ())]
        self.events: list[dict[str, Any]] = [item for file in files for item in file.get("events", ())]
        self.spans: list[dict[str, Any]] = [item for file in files for item in file.get("spans", ())]
        self.groups: list[dict[str, Any]] = [item for file in files for item in file.get("attribute_groups", ())]
        imports = [file.get("imports", {}) for file in files]
        self.imported_metrics: list[str] = [name for each in imports for name in each.get("metrics", ())]

    def members(self, key: str) -> list[str] | None:
        """The values that the attribute `key` can take, when it is bounded."""
        for attribute in self.attributes:
            if attribute["key"] == key and isinstance(attribute["type"], dict):
                return [member["value"] for member in attribute["type"]["members"]]
        return None

    def initial(self, metric: dict[str, Any]) -> list[dict[str, str]]:
        """The points that are there as 0 from the start: as listed, or the product of all bounded values."""
        listed = annotations(metric).get("initial", [])
        if listed != "product":
            return list(listed)
        keys = [attribute["ref"] for attribute in metric.get("attributes", ())]
        values = [self.members(key) for key in keys]
        if any(each is None for each in values):
            raise ValueError(f"{metric['name']}: initial is `product`, but not every attribute is bounded")
        combinations = itertools.product(*(each for each in values if each is not None))
        return [dict(zip(keys, each, strict=True)) for each in combinations]

    def constants(self) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """Sections of names.py: title, and the pairs of constant and name."""
        yield "Metrics", [named(metric, "name") for metric in self.metrics]
        yield "Log events", [named(event, "name") for event in self.events]
        yield "Attributes of our own", [named(attribute, "key") for attribute in self.attributes]
        imported = [(constant(name), name) for name in self.imported_metrics]
        yield "Metrics of the semantic conventions", imported
        for group in self.groups:
            refs = [attribute["ref"] for attribute in group["attributes"]]
            yield f"Semantic conventions: {group['brief']}", [(constant(ref), ref) for ref in refs]


def annotations(item: dict[str, Any]) -> dict[str, Any]:
    """What the shop notes at a definition beyond the format of Weaver."""
    noted: dict[str, Any] = item.get("annotations", {}).get("shop", {})
    return noted


def named(item: dict[str, Any], key: str) -> tuple[str, str]:
    """The constant of a definition, and its name."""
    return annotations(item).get("constant") or constant(item[key]), item[key]


def constant(name: str) -> str:
    """`shop.order.status` is ORDER_STATUS, `http.route` is HTTP_ROUTE."""
    return re.sub(r"[^a-zA-Z0-9]+", "_", name.removeprefix("shop.")).upper()


def names_module(registry: Registry) -> str:
    """The text of names.py; ValueError when one constant would have two values."""
    seen: dict[str, str] = {}
    lines = [HEADER.format(title="Every name that the shop's telemetry uses.")]
    for title, pairs in registry.constants():
        lines.append(f"\n# {title}\n")
        for name, value in pairs:
            if seen.setdefault(name, value) != value:
                raise ValueError(f"{name} would be both {seen[name]} and {value}: give one of them a `constant`")
            lines.append(f"{name} = {json.dumps(value)}{MARK if 'SECRET' in name else ''}\n")
    return "".join(lines)


def catalogue_data(registry: Registry) -> str:
    """The text of catalogue.json: what the meter must know of each metric."""
    metrics = [
        {
            "name": metric["name"],
            "kind": metric["instrument"],
            "unit": metric["unit"],
            "brief": metric["brief"],
            "services": annotations(metric)["services"],
            "initial": registry.initial(metric),
        }
        for metric in registry.metrics
    ]
    return json.dumps([*IMPORTED, *metrics], indent=1, ensure_ascii=False) + "\n"


def checked(name: str, convert: Callable[[Any], Iterable[Point] | Slos]) -> str:
    """The text of points.json or slos.json. msgspec.ValidationError tells where the YAML is wrong."""
    data = yaml.safe_load((HERE / f"{name}.yaml").read_text("utf-8"))
    convert(data)
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def outputs(registry: Registry) -> dict[Path, str]:
    """Every file that is made, with its text."""
    return {
        HERE / "names.py": names_module(registry),
        HERE / "catalogue.json": catalogue_data(registry),
        HERE / "points.json": checked("points", points.convert),
        HERE / "slos.json": checked("slos", slos.convert),
        **pages(registry),
    }


def pages(registry: Registry) -> dict[Path, str]:
    """The pages of docs/signals, and the parts of docs/aws/look.*.md that come from the data."""
    known = points.convert(yaml.safe_load((HERE / "points.yaml").read_text("utf-8")))
    judged = slos.convert(yaml.safe_load((HERE / "slos.yaml").read_text("utf-8")))
    return {
        SIGNALS / "README.md": index_page(known),
        **{SIGNALS / f"reference.{language}.md": reference_page(registry, language) for language in ("ja", "en")},
        **{SIGNALS / f"{point.id}.md": point_page(point) for point in known},
        **{path: filled(path.read_text("utf-8"), language, known, judged) for language, path in LOOK.items()},
    }


def main(arguments: list[str] | None = None) -> int:
    """Writes what is stale; with --check only says so, and returns 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when a file is stale")
    check = parser.parse_args(arguments).check
    stale = [(path, text) for path, text in outputs(Registry()).items() if read(path) != text]
    for path, text in stale:
        sys.stderr.write(f"{path.relative_to(ROOT)} {'is stale' if check else 'written'}\n")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return 1 if check and stale else 0


def read(path: Path) -> str | None:
    """The text of a file, or None when there is none."""
    return path.read_text("utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
