"""Each deployable starts from a package that holds nothing but its dependency group and its own part of `shop`."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.trees import SHARED, plant

from shop.contracts.topology import CONTAINERS, FUNCTIONS, SERVICES

ROOT = Path(__file__).parents[2]
DEPLOYABLES = (*SERVICES, "edge")
# Never imported where they are not: a function finds its credentials in its environment.
NOT_FOR = {"function": {"boto3", "botocore"}, "container": {"boto3"}}
PROBE = """
import importlib, json, sys
sys.path.append(sys.argv[1])
entries, modules, absent = json.loads(sys.argv[2])
for entry in entries:
    module, _, name = entry.replace(":", ".").rpartition(".")
    assert callable(getattr(importlib.import_module(module), name)), entry
for module in modules:
    importlib.import_module(module)
found = []
for module in absent:
    try:
        importlib.import_module(module)
    except ImportError:
        continue
    found.append(module)
used = [name for name in sys.modules if name.startswith("shop.")]
print(json.dumps([used, found]))
"""


def entries(service: str) -> list[str]:
    """What is started of a service, as the topology names it."""
    functions = [function.handler for function in FUNCTIONS if function.service == service]
    return functions + [container.entry for container in CONTAINERS if container.service == service]


def modules(service: str) -> list[str]:
    """All modules of a service."""
    source = ROOT / "src"
    files = sorted((source / "shop" / service).rglob("*.py"))
    return [".".join(file.relative_to(source).with_suffix("").parts).removesuffix(".__init__") for file in files]


def probe(tree: Path, *question: list[str]) -> list[list[str]]:
    """What an interpreter says that has nothing but its standard library and this tree."""
    command = [sys.executable, "-I", "-S", "-c", PROBE, str(tree), json.dumps(question)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tree)
    assert done.returncode == 0, done.stderr
    answer: list[list[str]] = json.loads(done.stdout)
    return answer


def imported_late(module: str) -> Iterator[str]:
    """What a module imports only inside of functions."""
    path = ROOT / "src" / Path(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    for function in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import):
                    yield from (alias.name for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module:
                    yield node.module


@pytest.mark.parametrize("service", DEPLOYABLES)
def test_a_deployable_starts_from_its_own_package_alone(service, tmp_path):
    tree = plant(service, tmp_path)
    others = [f"shop.{other}" for other in (*DEPLOYABLES, "local", "console", "cli") if other != service]
    used, found = probe(tree, entries(service), modules(service), [*others, "pytest", "ministack"])
    assert found == []
    assert {name.split(".")[1] for name in used} <= {*SHARED, service}
    missing = NOT_FOR["container" if any(each.service == service for each in CONTAINERS) else "function"]
    late = {late for name in used for late in imported_late(name) if late.partition(".")[0] not in missing}
    probe(tree, [], sorted(late), [])


@pytest.mark.parametrize(("service", "absent"), [("edge", "jwt"), ("users", "boto3"), ("orders", "mangum")])
def test_a_package_holds_nothing_that_its_group_does_not_name(service, absent, tmp_path):
    _, found = probe(plant(service, tmp_path), [], [], [absent])
    assert found == []
