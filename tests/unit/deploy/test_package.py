"""How a package is put together, on small trees; what is in the real ones: tests/integration/package."""

import os
import shutil
import struct
import subprocess
import sys
import zipfile

import pytest

from shop.cli import main
from shop.deploy.package import archive, build, bytecode, checks, tree, wheels
from shop.deploy.package.manifest import Manifest
from shop.deploy.package.modules import Incomplete, Source
from shop.local.errors import Failed, Refused


def grow(folder, files):
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def elf(machine):
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 3, machine) + bytes(40)


def test_the_same_files_give_the_same_bytes_whenever_and_however_they_were_written(tmp_path):
    one = grow(tmp_path / "one", {"b/x.py": "x = 1", "a.py": "y = 2", "c.so": elf(183)})
    two = grow(tmp_path / "two", {"c.so": elf(183), "a.py": "y = 2", "b/x.py": "x = 1"})
    (two / "a.py").chmod(0o755)
    os.utime(two / "a.py", (1, 1))
    for folder in (one, two):
        archive.write(folder, folder.with_suffix(".zip"))
    assert archive.sha256(one.with_suffix(".zip")) == archive.sha256(two.with_suffix(".zip"))
    with zipfile.ZipFile(one.with_suffix(".zip")) as content:
        assert content.namelist() == ["a.py", "b/x.py", "c.so"]
        assert {member.external_attr >> 16 for member in content.infolist()} == {0o100644}


def test_a_package_is_unpacked_once_for_each_digest(tmp_path):
    zipped = tmp_path / "users.zip"
    archive.write(grow(tmp_path / "one", {"a.py": "1"}), zipped)
    first = archive.unpack(zipped, archive.sha256(zipped), tmp_path / "out")
    (first / "a.py").write_text("still there")
    assert archive.unpack(zipped, archive.sha256(zipped), tmp_path / "out") == first
    assert (first / "a.py").read_text() == "still there"
    archive.write(grow(tmp_path / "two", {"a.py": "2"}), zipped)
    assert (archive.unpack(zipped, archive.sha256(zipped), tmp_path / "out") / "a.py").read_text() == "2"


SMALL = {
    "shop/__init__.py": "",
    "shop/kernel/__init__.py": "",
    "shop/kernel/ids.py": "import uuid",
    "shop/contracts/__init__.py": "",
    "shop/telemetry/__init__.py": "",
    "shop/runtime/__init__.py": "",
    "shop/runtime/sql.py": "import driver",
    "shop/runtime/boxes.py": "from shop.runtime.sql import query",
    "shop/runtime/http/__init__.py": "from shop.kernel import ids",
    "shop/runtime/http/page.css": "body {}",
    "shop/users/__init__.py": "",
    "shop/users/app.py": "from shop.runtime import http\nfrom web import App",
    "shop/users/templates/letter.txt": "Dear",
    "shop/users/__pycache__/app.cpython-311.pyc": b"\0",
    "shop/orders/__init__.py": "",
    "shop/orders/app.py": "from shop.runtime import sql",
}


def files_of(tmp_path, service="users", site=("web.py",), **changed):
    source = grow(tmp_path / "src", SMALL | changed)
    installed = grow(tmp_path / "site", dict.fromkeys(site, ""))
    return {file.as_posix() for file in Source(source, service, installed).files()}


def test_a_package_holds_its_service_and_what_that_can_import(tmp_path):
    assert files_of(tmp_path) == {
        "shop/__init__.py",
        "shop/kernel/__init__.py",
        "shop/kernel/ids.py",
        "shop/contracts/__init__.py",
        "shop/telemetry/__init__.py",
        "shop/runtime/__init__.py",
        "shop/runtime/http/__init__.py",
        "shop/runtime/http/page.css",
        "shop/users/__init__.py",
        "shop/users/app.py",
        "shop/users/templates/letter.txt",
    }


def test_with_the_driver_installed_what_needs_it_is_there(tmp_path):
    files = files_of(tmp_path, "orders", site=("driver.cpython-313-aarch64-linux-gnu.so",))
    assert {"shop/runtime/sql.py", "shop/runtime/boxes.py", "shop/orders/app.py"} <= files
    assert not any(file.startswith("shop/users/") for file in files)


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("import nowhere", "nowhere"),
        ("def f():\n    import nowhere", "nowhere"),
        ("from shop.runtime.boxes import put", "shop.runtime.boxes.put"),
        ("from shop.orders import app", "shop.orders.app"),
        ("from shop.local import up", "shop.local.up"),
    ],
)
def test_a_service_that_imports_what_is_not_there_is_no_package(tmp_path, text, missing):
    with pytest.raises(Incomplete, match=rf"shop\.users\.app imports {missing}"):
        files_of(tmp_path, **{"shop/users/app.py": text})


def test_what_only_a_type_checker_reads_need_not_be_there(tmp_path):
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import nowhere\n"
    assert "shop/users/app.py" in files_of(tmp_path, **{"shop/users/app.py": text})


def test_installed_packages_lose_what_nobody_reads(tmp_path):
    kept = ["a/__init__.py", "a/b.so", "a/data.json", "a.dist-info/METADATA", "a.dist-info/entry_points.txt",
            "botocore/data/endpoints.json.gz", "botocore/data/_retry.json"]  # fmt: skip
    gone = ["a/b.pyi", "a/b.c", "a/py.typed", "a/tests/test_a.py", "a/__pycache__/b.pyc", "bin/a", ".lock",
            "a.dist-info/RECORD", "a.dist-info/licenses/LICENSE", "botocore/data/ec2/service-2.json"]  # fmt: skip
    grow(tmp_path, dict.fromkeys(kept + gone, ""))
    tree.trim(tmp_path)
    assert {file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*") if file.is_file()} == set(kept)
    assert not (tmp_path / "a" / "tests").exists()


def zipped(tmp_path, files):
    archive.write(grow(tmp_path / "content", files), tmp_path / "users.zip")
    return checks.faults(tmp_path / "users.zip", "users", "aarch64", ["/home/taro/shop/"])


def test_a_zip_that_is_right_has_no_faults(tmp_path):
    assert zipped(tmp_path, {"shop/users/app.py": "x", "shop/cli_like.py": "", "m.so": elf(183)}) == []


def test_a_zip_over_the_limit_tells_what_it_is_made_of(tmp_path):
    (fault,) = zipped(tmp_path, {"big.bin": os.urandom(checks.LARGEST + 1), "small.py": "x"})
    assert "big.bin 15,0" in fault
    assert fault.index("big.bin") < fault.index("small.py")


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({"m.so": elf(62)}, "m.so is not for aarch64"),
        ({"shop/orders/app.py": ""}, "shop/orders/app.py is not of users"),
        ({"shop/local/up.py": ""}, "shop/local/up.py is not of users"),
        ({"shop/cli.py": ""}, "shop/cli.py is not of users"),
        ({"a.pyc": "..../home/taro/shop/src/a.py"}, "a.pyc names /home/taro/shop/"),
    ],
)
def test_a_zip_that_must_not_be_deployed_is_found_out(tmp_path, files, fault):
    assert zipped(tmp_path, files) == [fault]


def test_bytecode_is_the_same_in_whatever_folder_and_run(tmp_path):
    text = "WORDS = {'a', 'b', 'c', 'd', 'e', 'f'}\ndef f(x):\n    return x in {'g', 'h', 'i', 'j'}\n"
    made = []
    for name in ("one", "two/deeper"):
        folder = grow(tmp_path / name, {"m/a.py": text})
        bytecode.compile_all(sys.executable, folder)
        (file,) = (folder / "m" / "__pycache__").iterdir()
        made.append(file.read_bytes())
    assert made[0] == made[1]
    assert b"/var/task/m/a.py" in made[0]
    assert int.from_bytes(made[0][4:8], "little") == 0b01, "by hash, and not compared with it"


def test_a_module_that_is_none_to_lambdas_python_is_told_and_nothing_is_made(tmp_path, capfd):
    builder = build.Builder("host", build.ROOT, tmp_path, print)
    with pytest.raises(Failed, match="users could not be compiled, see above"):
        builder.compile("users", sys.executable, grow(tmp_path / "content", {"m/a.py": "def broken("}))
    assert "/var/task/m/a.py" in capfd.readouterr().err


def test_a_python_is_found_only_if_it_runs_and_is_of_that_version(tmp_path, monkeypatch):
    here = "{}.{}".format(*sys.version_info[:2])
    found = bytecode.python_of(here)
    assert found is not None
    shim = grow(tmp_path, {f"python{here}": "#!/bin/sh\necho not chosen >&2\nexit 127\n"}) / f"python{here}"
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "none"))
    assert bytecode.python_of(here) is None


def test_an_unreadable_manifest_is_none(tmp_path):
    assert Manifest.read(tmp_path) is None
    for text in ("", "[]", '{"packages": {"users": {"file": 1}}}', '{"packages": {}, "other": 1}'):
        (tmp_path / "manifest.json").write_text(text)
        assert Manifest.read(tmp_path) is None


# --------------------------------------------------------------------------------------------------- what can go wrong


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


def test_a_service_without_functions_is_refused_with_those_that_have_some(capsys):
    assert main(["package", "--service", "catalog"]) == 2
    assert capsys.readouterr().err == ("shop: catalog has no zip: there are users inventory notifications edge\n")


def test_packages_are_made_from_a_checkout_alone(tmp_path):
    with pytest.raises(Refused, match=r"is no checkout of the shop"):
        build.package("host", ("edge",), tmp_path / "out", root=tmp_path, tell=print)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["package", "--target", "host", "--service", "edge", "--out", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err == f"shop: {tmp_path / 'file'}: File exists\n"


def test_without_uv_it_says_what_is_missing(tmp_path):
    with pytest.raises(Refused, match=r"scripts/uv cannot be run: No such file"):
        wheels.requirements(tmp_path, "edge")


def test_without_the_registry_it_says_what_uv_said(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
    with pytest.raises(Failed, match=r"uv could not do it: .*(network|offline|cache)"):
        wheels.install(build.ROOT, wheels.requirements(build.ROOT, "edge"), tmp_path / "site", for_lambda=True)


def test_a_wheel_that_is_not_the_locks_is_not_taken(tmp_path):
    wanted = "typing-extensions==4.16.0 --hash=sha256:" + "0" * 64
    with pytest.raises(Failed, match=r"[Hh]ash"):
        wheels.install(build.ROOT, wanted, tmp_path / "site", for_lambda=False)


def test_an_api_document_that_is_old_is_not_packed(tmp_path, monkeypatch):
    """What edge serves was merged from other routes than those of this source."""
    copy = tmp_path / "checkout"
    shutil.copytree(build.ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "src" / "shop" / "edge" / "openapi.json").write_text("{}")
    builder = build.Builder("host", copy, tmp_path / "out", print)
    with pytest.raises(Failed, match="older than the routes: run `make generate`"):
        builder.check_document()


def test_without_the_python_of_lambda_it_packs_sources_and_says_what_that_costs(tmp_path, monkeypatch):
    monkeypatch.setattr(bytecode, "python_of", lambda _: None)
    told: list[str] = []
    made = build.package("aws", ("edge",), tmp_path, tell=told.append)
    assert "without bytecode" in told[0]
    assert made.packages["edge"].bytecode is None
    with zipfile.ZipFile(tmp_path / "edge.zip") as content:
        assert not [name for name in content.namelist() if name.endswith(".pyc")]


def test_the_command_tells_how_far_it_is(tmp_path):
    command = [
        sys.executable,
        "-m",
        "shop.cli",
        "package",
        "--target",
        "host",
        "--service",
        "edge",
        "--out",
        str(tmp_path),
    ]
    for expected in (r"[1/1] edge.zip ", "unchanged"):
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=os.environ)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert expected in done.stderr
