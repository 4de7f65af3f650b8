"""The templates of a deployment, as `infra/` writes them, and what they need in S3."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from shop.deploy.package.build import ROOT
from shop.local.errors import Failed, Refused
from shop.local.language import say

__all__ = ["CLASS", "Asset", "Stack", "assets", "checked", "stacks", "synthesize"]

CLASS = "shop-class"


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack of an assembly: its template, and which stacks it stands on."""

    name: str
    file: Path
    tags: dict[str, str]
    needs: tuple[str, ...]

    @property
    def template(self) -> dict[str, Any]:
        """What is to be made."""
        found: dict[str, Any] = json.loads(self.file.read_text(encoding="utf-8"))
        return found

    @property
    def key(self) -> str:
        """Where its template is put in the bucket: under the hash of its bytes."""
        return f"{hashlib.sha256(self.file.read_bytes()).hexdigest()}.json"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that a template refers to."""

    file: Path
    bucket: str
    key: str


def checked(name: str) -> str:
    """A deployment's name, as `infra/naming.py` judges it. Raises Refused."""
    sys.path.insert(0, str(ROOT)) if str(ROOT) not in sys.path else None
    try:
        from infra.naming import Deployment, InvalidName  # noqa: PLC0415 - there only in a checkout
    except ModuleNotFoundError as error:
        raise Refused(no_checkout()) from error
    try:
        return Deployment(name).name
    except InvalidName as error:
        raise Refused(
            say(
                f"--name {name}: 1〜12 文字の a-z 0-9 - で、英字で始まり、- で終わらない名前にしてください",
                f"--name {error}",
            )
        ) from error


def no_checkout() -> str:
    """Where this works."""
    return say(
        f"{ROOT} に infra/ がありません。ソース一式の中で実行してください",
        f"{ROOT} has no infra/: this works in a checkout of the shop",
    )


def synthesize(out: Path, name: str, packages: Path, **more: str | bool | None) -> Path:
    """Write every template into `out`. `more`: further options of `python -m infra`. Raises Refused, Failed."""
    if not (ROOT / "infra" / "app.py").exists():
        raise Refused(no_checkout())
    if find_spec("aws_cdk") is None:
        raise Refused(
            say(
                "CDK がありません: `make aws ARGS=doctor` か `scripts/uv sync --inexact --group infra` で入ります",
                "CDK is missing: `make aws ARGS=doctor` brings it, or `scripts/uv sync --inexact --group infra`",
            )
        )
    given = {"name": name, "packages": str(packages), "out": str(out), **more}
    options: list[str] = []
    for key, value in given.items():
        if value:
            options += [f"--{key.replace('_', '-')}", *([value] if isinstance(value, str) else [])]
    done = subprocess.run(
        [sys.executable, "-m", "infra", *options],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["?"]
        raise Failed(say("テンプレートを作れませんでした", "the templates could not be made") + f": {last[0]}")
    return out


def stacks(assembly: Path) -> list[Stack]:
    """The stacks, each after those that it stands on."""
    artifacts = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    waiting = {
        name: Stack(
            name,
            assembly / one["properties"]["templateFile"],
            one["properties"].get("tags", {}),
            tuple(other for other in one.get("dependencies", ()) if not other.endswith(".assets")),
        )
        for name, one in artifacts.items()
        if one["type"] == "aws:cloudformation:stack"
    }
    ordered: list[Stack] = []
    while waiting:
        ready = [name for name, stack in waiting.items() if not set(stack.needs) & set(waiting)]
        ordered += [waiting.pop(name) for name in ready]
    return ordered


def assets(assembly: Path) -> Iterator[Asset]:
    """Every file that a template refers to, once; the templates themselves are `Stack.key`."""
    found: dict[str, Asset] = {}
    for manifest in assembly.glob("*.assets.json"):
        for one in json.loads(manifest.read_text(encoding="utf-8"))["files"].values():
            if one["source"]["path"].endswith(".template.json"):
                continue
            for place in one["destinations"].values():
                asset = Asset(assembly / one["source"]["path"], place["bucketName"], place["objectKey"])
                found[asset.key] = asset
    yield from found.values()
