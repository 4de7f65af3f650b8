"""What the images hold, started as in a container: as no root, from files that cannot be written, with nothing else."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from packaging import tags
from packaging.utils import parse_wheel_filename
from tests.support.client import until

from shop.contracts.topology import CONTAINERS
from shop.deploy.package import wheels
from shop.deploy.package.build import ROOT
from shop.local.ports import free_port

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
IMAGES = tuple(dict.fromkeys(container.service for container in CONTAINERS))


@pytest.fixture(scope="module", params=IMAGES)
def image(request, tmp_path_factory):
    """The service, and its content as the Dockerfile's own script makes it, which nobody may write."""
    folder = tmp_path_factory.mktemp(request.param) / "app"
    made = subprocess.run(
        [ROOT / "scripts" / "image-content", request.param, folder],
        env=os.environ | {"UV": str(ROOT / "scripts" / "uv"), "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    writable(folder, False)
    yield request.param, folder
    writable(folder, True)


def writable(folder, may):
    for each in (folder, *folder.rglob("*")):
        if not each.is_symlink():
            each.chmod(each.stat().st_mode & ~0o222 | (0o200 if may else 0))


def as_nobody():
    """How a program is started that is not root, whoever we are."""
    if os.getuid() or not shutil.which("unshare"):
        return []
    command = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]
    return command if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0 else []


def start(folder, command, environment, tmp_path):
    """Start a container's command with the image's environment, and the standard library as all there is of Python."""
    (stated,) = re.findall(r"^ENV (.*)$", DOCKERFILE, re.MULTILINE)
    own = dict(word.split("=", 1) for word in stated.split())
    own |= {"PYTHONPATH": str(folder), "TMPDIR": str(tmp_path), "PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    assert command[0] == "python"
    with (tmp_path / "log").open("wb") as log:
        return subprocess.Popen(
            [*as_nobody(), sys.executable, "-S", *command[1:]],
            env=own | environment, cwd=folder, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip


def settings(service, emulator, dsn):
    """What a task's containers get, as infra/stacks/services.py gives it; here with an endpoint and a key beside."""
    place = urlsplit(dsn)
    made = emulator.provisioned
    return {
        **emulator.access.environment(),
        "DEPLOYMENT_ENVIRONMENT": "image",
        "DATABASE_URL": f"postgresql://{place.username}@{place.hostname}:{place.port}{place.path}?sslmode=prefer",
        "PGPASSWORD": place.password or "",
        "PAGE_TOKEN_KEY": "key",
        "TOKEN_ISSUER": made.token_issuer,
        "USER_POOL_CLIENT_ID": made.user_pool_client_id,
        "JWKS_URL": made.jwks_url,
        "EVENT_BUS": "shop",
        "QUEUE_URL_PREFIX": emulator.access.queue_url_prefix,
        **({"IMAGES_BUCKET": made.images_bucket} if service == "catalog" else {"GATEWAY_URL": "http://127.0.0.1:1"}),
    }


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())
    except OSError:
        return 0, None


def test_an_api_starts_answers_and_ends_from_its_image_alone(image, emulator, postgres, tmp_path):
    service, folder = image
    commands = [json.loads(each) for each in re.findall(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)]
    (command,) = [each for each in commands if f"shop.{service}.app:api" in each]
    port = str(free_port())
    command = [{"0.0.0.0": "127.0.0.1", "8000": port}.get(part, part) for part in command]
    before = sorted(folder.rglob("*"))
    process = start(folder, command, settings(service, emulator, postgres(service)), tmp_path)
    try:
        address = f"http://127.0.0.1:{port}"
        until(lambda: process.poll() is not None or get(f"{address}/health/ready")[0] == 200, seconds=120)
        assert process.poll() is None, (tmp_path / "log").read_text()
        assert get(f"{address}/health/live") == (200, {"status": "up"})
        path = "/products" if service == "catalog" else "/orders/none"
        assert get(address + path)[0] == (200 if service == "catalog" else 401)
        for live, code in ((f"{address}/health/live", 0), (f"{address}/nowhere", 1), ("http://127.0.0.1:1/", 1)):
            check = start(folder, ["python", "-m", "shop.runtime.healthy", live], {}, tmp_path)
            assert check.wait(60) == code
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == -signal.SIGTERM  # uvicorn ends in order, then as it was told to
    assert sorted(folder.rglob("*")) == before
    assert [each for each in tmp_path.iterdir() if each.name != "log"] == [], "the index is gone with its process"


def test_a_worker_starts_and_ends_from_the_same_image(image, emulator, postgres, tmp_path):
    service, folder = image
    (worker,) = [each for each in CONTAINERS if each.service == service and each.kind == "worker"]
    command = ["python", "-m", "shop.runtime.worker", worker.entry]
    process = start(folder, command, settings(service, emulator, postgres(service)), tmp_path)
    log = tmp_path / "log"
    try:
        until(lambda: process.poll() is not None or "shop.ready" in log.read_text(), seconds=120)
        assert process.poll() is None, log.read_text()
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, log.read_text()


def test_an_image_can_make_the_databases(image, tmp_path):
    _, folder = image
    process = start(folder, ["python", "-m", "shop.deploy.databases"], {}, tmp_path)
    assert process.wait(60) == 2
    assert "DATABASE_URL is missing" in (tmp_path / "log").read_text()


def test_an_image_holds_its_service_and_what_that_needs(image):
    service, folder = image
    shop = {each.name for each in (folder / "shop").iterdir()}
    assert shop == {"__init__.py", "__pycache__", "contracts", "deploy", "kernel", "runtime", "telemetry", service}
    assert sum(file.stat().st_size for file in (folder / "botocore").rglob("*") if file.is_file()) < 10e6
    top = {each.name for each in folder.iterdir()}
    assert not top & {"boto3", "pytest", "duckdb", "tests", "bin"}
    assert ("PIL" in top) == (service == "catalog")
    assert [file for file in folder.rglob("*.py") if not compiled(file).exists()] == []


def compiled(file):
    return file.parent / "__pycache__" / f"{file.stem}.{sys.implementation.cache_tag}.pyc"


@pytest.mark.parametrize("service", IMAGES)
def test_every_package_of_an_image_has_a_wheel_for_arm64(service):
    """In the lock file, for Debian's glibc 2.41 and Python 3.13: nothing is compiled in an image's build."""
    platforms = [f"manylinux_2_{minor}_aarch64" for minor in range(28, 16, -1)] + ["manylinux2014_aarch64"]
    fit = {*tags.cpython_tags((3, 13), platforms=platforms), *tags.compatible_tags((3, 13), "cp313", platforms)}
    locked = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    wanted = dict(re.findall(r"^([\w.-]+)==([\w.]+)", wheels.requirements(ROOT, service), re.MULTILINE))
    assert len(wanted) > 15
    for name, version in wanted.items():
        (package,) = [each for each in locked if (each["name"], each["version"]) == (name, version)]
        files = [Path(wheel["url"]).name for wheel in package["wheels"]]
        assert any(fit & parse_wheel_filename(file)[3] for file in files), name
