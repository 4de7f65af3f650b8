"""The registry is in the form that OpenTelemetry's Weaver reads; where there is a Weaver, it says so itself.

The form is written down here as types: the definition format 2 (`file_format: definition/2`) and the manifest of a
registry that is being developed. A key that the format does not know is an error for Weaver, and so it is here.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
import yaml

FOLDER = Path("src/shop/telemetry/registry")
FILES = sorted(path for path in FOLDER.glob("*.yaml") if path.name != "manifest.yaml")
WEAVER = os.environ.get("WEAVER") or shutil.which("weaver")

Stability = Literal["stable", "development", "alpha", "beta", "release_candidate", "deprecated"]
Plain = Literal["boolean", "int", "double", "string", "any", "boolean[]", "int[]", "double[]", "string[]"]
Kind = Literal["internal", "client", "server", "producer", "consumer"]


class Strict(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Nothing else may stand there."""


class Required(Strict):
    conditionally_required: str


class Ref(Strict, kw_only=True):
    """A use of an attribute, of this registry or of the one it depends on."""

    ref: str
    requirement_level: Literal["required", "recommended", "opt_in"] | Required | None = None
    brief: str | None = None
    note: str | None = None


class Member(Strict, kw_only=True):
    id: str
    value: str | int | bool | None = None
    brief: str | None = None
    stability: Stability | None = None


class Members(Strict):
    members: list[Member]


class Defined(Strict, kw_only=True):
    """What every definition has."""

    brief: str
    stability: Stability
    note: str = ""
    annotations: dict[str, Any] = {}


class Attribute(Defined, kw_only=True):
    key: str
    type: Plain | Members
    examples: Any = None


class Metric(Defined, kw_only=True):
    name: str
    instrument: Literal["counter", "gauge", "histogram", "updowncounter"]
    unit: str
    attributes: list[Ref] = []


class Event(Defined, kw_only=True):
    name: str
    attributes: list[Ref] = []


class Pattern(Strict):
    note: str


class Span(Defined, kw_only=True):
    type: str
    kind: Kind
    name: Pattern
    attributes: list[Ref] = []


class Group(Defined, kw_only=True):
    id: str
    visibility: Literal["public", "internal"]
    attributes: list[Ref] = []


class Imports(Strict):
    metrics: list[str] = []
    attribute_groups: list[str] = []
    events: list[str] = []
    spans: list[str] = []
    entities: list[str] = []


class File(Strict):
    file_format: Literal["definition/2"]
    attributes: list[Attribute] = []
    metrics: list[Metric] = []
    events: list[Event] = []
    spans: list[Span] = []
    attribute_groups: list[Group] = []
    imports: Imports | None = None


class Dependency(Strict):
    schema_url: str
    registry_path: str | None = None


class Manifest(Strict):
    schema_url: str
    description: str | None = None
    stability: Stability = "development"
    dependencies: list[Dependency] = []


def load(path):
    return yaml.safe_load(path.read_text("utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_of_the_registry_is_in_the_form_that_weaver_reads(path):
    msgspec.convert(load(path), File)


def test_the_manifest_names_the_registry_and_what_it_builds_on_by_versioned_urls():
    manifest = msgspec.convert(load(FOLDER / "manifest.yaml"), Manifest)
    urls = [manifest.schema_url, *(each.schema_url for each in manifest.dependencies)]
    assert [url for url in urls if not re.fullmatch(r"https://[\w.-]+(/[\w.-]+)+/\d+\.\d+\.\d+", url)] == []


def test_a_string_attribute_has_examples_and_every_name_is_defined_once():
    files = [msgspec.convert(load(path), File) for path in FILES]
    attributes = [each for file in files for each in file.attributes]
    assert [each.key for each in attributes if each.type in ("string", "string[]") and not each.examples] == []
    for names in (
        [each.key for each in attributes],
        [each.name for file in files for each in file.metrics],
        [each.name for file in files for each in file.events],
        [each.type for file in files for each in file.spans],
        [each.id for file in files for each in file.attribute_groups],
    ):
        assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "broken",
    [
        {"file_format": "definition/2", "groups": []},
        {"file_format": "definition/1"},
        {"file_format": "definition/2", "attributes": [{"id": "x", "type": "string", "brief": "x"}]},
    ],
    ids=["groups of version 1", "another version", "an attribute of version 1"],
)
def test_what_weaver_would_refuse_is_refused(broken):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(broken, File)


@pytest.mark.skipif(WEAVER is None, reason="no Weaver: put `weaver` on the PATH, or name it in WEAVER")
def test_weaver_itself_finds_nothing_wrong():
    """It fetches the semantic conventions that the manifest names, so it needs the network."""
    asked = [str(WEAVER), "registry", "check", "--v2", "-r", str(FOLDER)]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
