"""Each deployable starts from a package that holds nothing but its dependency group and its own part of `shop`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.trees import SHARED, plant

from shop.contracts.topology import CONTAINERS, FUNCTIONS, SERVICES

ROOT = Path(__file__).parents[2]
DEPLOYABLES = (*SERVICES, "edge")
# An interpreter with its standard library and one folder: imports what is started and all modules of the service, then
# what those import only inside of functions; tells what of `shop` it has used, and what it finds of what is not there.
PROBE = """
import ast, importlib, json, sys
sys.path.append(sys.argv[1])
entries, modules, absent, exempt = json.loads(sys.argv[2])
for entry in entries:
    module, _, name = entry.replace(":", ".").rpartition(".")
    assert callable(getattr(importlib.import_module(module), name)), entry
for module in modules:
    importlib.import_module(module)
used = [name for name in sys.modules if name.startswith("shop.")]
found = []
for module in absent:
    try:
        importlib.import_module(module)
    except ImportError:
        continue
    found.append(module)
functions = (ast.FunctionDef, ast.AsyncFunctionDef)
late = set()
for name in used:
    with open(sys.modules[name].__file__, encoding="utf-8") as source:
        tree = ast.parse(source.read())
    for node in (node for each in ast.walk(tree) if isinstance(each, functions) for node in ast.walk(each)):
        if isinstance(node, ast.Import):
            late |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            late.add(node.module)
for name in late:
    if name.partition(".")[0] not in exempt:
        importlib.import_module(name)
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
    """What PROBE says of this tree."""
    command = [sys.executable, "-I", "-S", "-c", PROBE, str(tree), json.dumps(question)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=tree)
    assert done.returncode == 0, done.stderr
    answer: list[list[str]] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("service", DEPLOYABLES)
def test_a_deployable_starts_from_its_own_package_alone(service, tmp_path):
    others = [f"shop.{other}" for other in (*DEPLOYABLES, "local", "console", "cli") if other != service]
    absent = [*others, "pytest", "ministack", "boto3"]
    container = any(each.service == service for each in CONTAINERS)
    exempt = [] if container else ["botocore"]  # a function finds its credentials in its environment
    used, found = probe(plant(service, tmp_path), entries(service), modules(service), absent, exempt)
    assert found == []
    assert {name.split(".")[1] for name in used} <= {*SHARED, service}


@pytest.mark.parametrize(("service", "absent"), [("edge", "jwt"), ("users", "asyncpg"), ("orders", "mangum")])
def test_a_package_holds_nothing_that_its_group_does_not_name(service, absent, tmp_path):
    assert probe(plant(service, tmp_path), [], [], [absent], []) == [[], []]
