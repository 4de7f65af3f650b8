"""What is deployed, looked at: the zips of this very source, for Lambda and for this machine."""

import ast
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.support.functions import from_gateway
from tests.support.packages import packed

from shop.contracts.topology import FUNCTIONS, SERVICES
from shop.deploy.package import archive, bytecode, checks, tree, wheels
from shop.deploy.package.build import ROOT, Builder
from shop.deploy.package.manifest import PACKAGED

MAGIC = (3571).to_bytes(2, "little") + b"\r\n"  # of every Python 3.13
PARTS = ("contracts", "kernel", "runtime", "telemetry")
SERVICE = pytest.mark.parametrize("service", PACKAGED)


def content_of(target, service):
    folder, manifest = packed(target)
    with zipfile.ZipFile(folder / manifest.packages[service].file) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def test_every_service_with_functions_has_a_zip_and_the_manifest_says_what_it_is():
    folder, manifest = packed("aws")
    written = json.loads((folder / "manifest.json").read_text())
    assert (written["python"], written["machine"], written["target"]) == ("3.13", "aarch64", "aws")
    assert {name: each["handlers"] for name, each in written["packages"].items()} == {
        service: {each.name: each.handler for each in FUNCTIONS if each.service == service} for service in PACKAGED
    }
    for service in PACKAGED:
        file = folder / written["packages"][service]["file"]
        assert written["packages"][service]["sha256"] == archive.sha256(file)
        assert written["packages"][service]["bytes"] == file.stat().st_size
    assert len(manifest.commit.rstrip("+")) in (40, len("unknown"))


@SERVICE
def test_a_zip_is_small(service):
    folder, manifest = packed("aws")
    assert (folder / manifest.packages[service].file).stat().st_size < 15_000_000


@SERVICE
def test_every_binary_is_for_lambda(service):
    binaries = {name: data for name, data in content_of("aws", service).items() if data.startswith(b"\x7fELF")}
    assert binaries
    assert {checks.machine_of(data) for data in binaries.values()} == {183}
    assert [name for name in binaries if ".cpython-313-aarch64-" not in name and ".abi3." not in name] == []
    assert {name for name in content_of("aws", service) if ".so" in name} == set(binaries)


@SERVICE
def test_a_zip_holds_its_service_and_no_other_part_of_the_shop(service):
    parts = {name.split("/")[1] for name in content_of("aws", service) if name.startswith("shop/")}
    assert parts - {"__init__.py", "__pycache__"} == {*PARTS, service}


@SERVICE
def test_a_zip_holds_no_secret_no_test_and_nothing_of_this_machine(service):
    content = content_of("aws", service)
    own = b"".join(data for name, data in content.items() if name.startswith("shop/") or "/" not in name)
    for text in (b"PRIVATE KEY", b"AKIA", b"Mieruka-2026", b"localhost:"):
        assert text not in own, text
    assert [name for name in content if "/tests/" in name or name.endswith((".pem", ".env", ".pyi", ".c"))] == []
    for name, data in content.items():
        assert f"{ROOT}/".encode() not in data, name
    assert {name.rpartition("/")[2] for name in content if ".dist-info/" in name} <= {"METADATA", "entry_points.txt"}


@SERVICE
@pytest.mark.skipif(bytecode.python_of("3.13") is None, reason="no Python 3.13 here that could compile")
def test_every_module_is_compiled_for_lambda_once_and_for_all(service):
    content = content_of("aws", service)
    modules = {name for name in content if name.endswith(".py")}
    compiled = {name: data for name, data in content.items() if name.endswith(".pyc")}
    of = {name.replace("__pycache__/", "").replace(".cpython-313.pyc", ".py") for name in compiled}
    assert of == modules
    assert {(data[:4], data[4]) for data in compiled.values()} == {(MAGIC, 0b01)}  # unchecked: files there never change


@SERVICE
def test_a_zip_tells_the_collector_how_to_send(service):
    assert content_of("aws", service)["collector.yaml"] == (ROOT / "infra/collector/lambda.yaml").read_bytes()


@SERVICE
def test_every_import_of_our_modules_finds_its_module_in_the_zip(service):
    """Also those in functions, but for two that Lambda never comes to."""
    content = content_of("aws", service)
    there = {name.split("/")[0].split(".")[0] for name in content} | sys.stdlib_module_names
    modules = {module_name(name) for name in content if name.endswith(".py")}
    for name, data in content.items():
        if name.startswith("shop/") and name.endswith(".py"):
            for wanted in imports(ast.parse(data)):
                top = wanted.partition(".")[0]
                found = top in there and (top != "shop" or wanted in modules or wanted.rpartition(".")[0] in modules)
                assert found or wanted in ("botocore.session", "shop.telemetry.stock.Stock"), (name, wanted)


def module_name(file):
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(tree):
    typing = [
        ast.walk(node) for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECK" in ast.dump(node.test)
    ]
    skipped = {id(node) for nodes in typing for node in nodes}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


# What every module of a zip imports is tried here with an interpreter that has that zip alone.
IMPORT = """
import importlib, json, sys
sys.path.append(sys.argv[1])
for name in json.loads(sys.argv[2]):
    importlib.import_module(name)
for handler in json.loads(sys.argv[3]):
    module, _, name = handler.rpartition(".")
    assert callable(getattr(importlib.import_module(module), name)), handler
outside = [m.__file__ for m in list(sys.modules.values()) if "site-packages" in (getattr(m, "__file__", None) or "")]
assert outside == [], outside
from importlib.metadata import entry_points
assert "contextvars_context" in entry_points(group="opentelemetry_context").names
"""


@SERVICE
def test_a_zip_is_made_anew_when_any_file_of_ours_in_it_changes(service):
    builder = Builder("aws", ROOT, ROOT / "dist" / "aws", lambda _: None)
    looked_at = {file.relative_to(ROOT / "src").as_posix() for file in builder.sources(service) if "src" in file.parts}
    held = {name for name in content_of("aws", service) if name.startswith("shop/") and not name.endswith(".pyc")}
    assert held <= looked_at


@SERVICE
def test_the_code_of_a_zip_starts_with_nothing_else_around(service, tmp_path):
    folder, manifest = packed("host")
    made = manifest.packages[service]
    place = archive.unpack(folder / made.file, made.sha256, tmp_path)
    before = {file: file.stat().st_mtime_ns for file in place.rglob("*")}
    modules = sorted(module_name(file.relative_to(place).as_posix()) for file in (place / "shop").rglob("*.py"))
    names = [name for name in modules if not name.startswith("shop.telemetry.api.")]  # they install themselves
    command = [sys.executable, "-I", "-S", "-c", IMPORT, str(place), json.dumps(names)]
    command.append(json.dumps(list(made.handlers.values())))
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {file: file.stat().st_mtime_ns for file in place.rglob("*")} == before, "its own bytecode is good"


CALL = """
import importlib, json, sys
from types import SimpleNamespace
sys.path.append(sys.argv[1])
module, _, name = sys.argv[2].rpartition(".")
handler = getattr(importlib.import_module(module), name)
answer = handler(json.loads(sys.argv[3]), SimpleNamespace(aws_request_id="r"))
print(json.dumps([answer["statusCode"], answer["headers"]["content-type"], sys.version_info[:2]]))
"""
PYTHON = bytecode.python_of("3.13")


@pytest.mark.skipif(
    PYTHON is None or sys.platform != "linux", reason="no Python 3.13 here, or none that is like Lambda's"
)
@pytest.mark.parametrize(
    ("service", "path", "status"), [("edge", "/openapi.json", 200), ("users", "/users/u/roles", 401)]
)
def test_the_code_answers_under_the_python_of_lambda(service, path, status, tmp_path, monkeypatch):
    """The same wheels for this machine's processor, the same modules, compiled by the Python that runs them."""
    here = {"x86_64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}[platform.machine()]
    monkeypatch.setattr(wheels, "LAMBDA", ("--python-platform", f"{here}-manylinux_2_28", "--python-version", "3.13"))
    content = tmp_path / "content"
    wheels.install(ROOT, wheels.requirements(ROOT, service), content, for_lambda=True)
    tree.plant(service, content)
    assert PYTHON
    bytecode.compile_all(PYTHON, content)
    event = from_gateway(path)
    names = ("TABLE_NAME", "EVENT_BUS", "QUEUE_URL_PREFIX", "USER_POOL_ID", "USER_POOL_CLIENT_ID", "MAIL_FROM",
             "USER_POOL_CLIENT_SECRET", "TOKEN_ISSUER", "JWKS_URL", "PAGE_TOKEN_KEY")  # fmt: skip
    environment = dict.fromkeys(names, "x") | {"GATEWAY_URL": "http://127.0.0.1:1", "AWS_LAMBDA_FUNCTION_NAME": service}
    command = [PYTHON, "-I", "-S", "-c", CALL, str(content), f"shop.{service}.app.http", json.dumps(event)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer == [status, "application/json" if status == 200 else "application/problem+json", [3, 13]]


def test_the_edge_serves_the_document_of_this_source():
    document = json.loads(content_of("aws", "edge")["shop/edge/openapi.json"])
    from shop.local.openapi import document as made_now

    assert document == json.loads(made_now())
    assert {
        path.split("/")[2] for path in document["paths"] if path.startswith("/health/") and path.count("/") == 3
    } == {*SERVICES}


def test_the_same_source_somewhere_else_gives_the_same_zips(tmp_path):
    """A second checkout, in another folder, with files of another time: byte for byte the same."""
    copy = tmp_path / "another place"
    for part in ("src", "scripts", "infra/collector"):
        shutil.copytree(
            ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"), copy_function=shutil.copy
        )
    for file in ("pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / file, copy / file)
    if (ROOT / ".uv").exists():
        (copy / ".uv").symlink_to(ROOT / ".uv")
    env = os.environ | {"PYTHONPATH": str(copy / "src"), "PYTHONHASHSEED": "7", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "shop.cli", "package", "--service", "edge", "--service", "inventory"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=300, check=False, env=env)
    assert done.returncode == 0, done.stderr
    _, manifest = packed("aws")
    for service in ("edge", "inventory"):
        assert archive.sha256(copy / "dist" / "aws" / f"{service}.zip") == manifest.packages[service].sha256


def test_python_has_not_changed_the_meaning_of_its_magic_number():
    """`MAGIC` above is what this interpreter says, if it is the one that Lambda has."""
    if sys.version_info[:2] == (3, 13):
        assert importlib.util.MAGIC_NUMBER == MAGIC
    assert Path(ROOT / "uv.lock").exists()
