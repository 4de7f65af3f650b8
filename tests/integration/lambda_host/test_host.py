"""The host as Lambda's clients and a function's code see it."""

import asyncio
import json
import os
import sys
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from shop.contracts.topology import Function
from shop.deploy.package.host import runtime
from shop.local.lambda_host.host import Host
from shop.local.lambda_host.server import serve
from shop.local.lambda_host.starting import Forking, Isolated, Spawning
from shop.runtime.wire import Client

HANDLERS = "tests.integration.lambda_host.handlers"
NAMES = ("echo", "environment", "fail", "sleep", "wait", "die", "chat", "large")
FUNCTIONS = tuple(
    Function(name, "things", f"{HANDLERS}.{name}", timeout=timedelta(seconds=2), concurrency=3) for name in NAMES
)


class Lambda:
    def __init__(self, client, host, url):
        self.client, self.host, self.url = client, host, url

    async def invoke(self, name, event, **headers):
        url = f"{self.url}/2015-03-31/functions/{name}/invocations"
        return await self.client.request("POST", url, body=json.dumps(event).encode(), headers=headers, timeout=20)

    async def result(self, name, event):
        response = await self.invoke(name, event)
        assert "x-amz-function-error" not in response.headers, response.body
        return json.loads(response.body)

    async def error(self, name, event):
        response = await self.invoke(name, event)
        assert (response.status, response.headers["x-amz-function-error"]) == (200, "Unhandled")
        return json.loads(response.body)


@asynccontextmanager
async def running(how, functions=FUNCTIONS, environment=None):
    found = environment or {"PYTHONPATH": os.pathsep.join(["src", "."])}
    environments = {function.name: {**found, "OWN": function.name} for function in functions}
    host = Host(functions, environments, how)
    await host.open()
    server = await serve(host.handle)
    port = server.port
    async with Client() as client:
        for _ in range(1000):
            if (await client.request("GET", f"http://127.0.0.1:{port}/ready")).status == 200:
                break
            await asyncio.sleep(0.01)
        else:
            raise AssertionError("never ready")
        yield Lambda(client, host, f"http://127.0.0.1:{port}")
    await host.close()
    server.close()
    await asyncio.sleep(0.01)  # transports close in the next turns of the loop


STARTERS = [
    pytest.param(
        lambda: Forking([HANDLERS]),
        id="forked",
        marks=pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only"),
    ),
    pytest.param(Spawning, id="spawned"),
]


def usual():
    """How this platform starts environments."""
    return Forking([HANDLERS]) if sys.platform == "linux" else Spawning()


@pytest.fixture(autouse=True)
def _path(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["src", "."]))  # the zygote imports from there


@pytest.mark.parametrize("how", STARTERS)
def test_a_function_lives_its_life(how, monkeypatch):
    """Answers, errors, a crash and a timeout, each as Lambda tells of them; afterwards it answers again."""
    monkeypatch.setenv("SECRET_OF_THE_HOST", "x")

    async def main():
        async with running(how()) as shop:
            answer = await shop.result("echo", {"a": "あ"})
            assert answer["event"] == {"a": "あ"}
            assert 0 < answer["left"] <= 2000
            seen = await shop.result("environment", {})
            assert seen["OWN"] == "environment"
            assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "environment"
            assert not {"SECRET_OF_THE_HOST", "HOME", "VIRTUAL_ENV"} & set(seen)

            error = await shop.error("fail", {"what": "stock"})
            assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no stock")
            error = await shop.error("die", {"status": 3})
            assert error["errorType"] == "Runtime.ExitError"
            assert error["errorMessage"].endswith("Runtime exited with error: exit status 3")
            error = await shop.error("sleep", {"seconds": 30})
            assert error["errorMessage"].endswith("Task timed out after 2.00 seconds")
            assert isinstance(await shop.result("sleep", {"seconds": 0}), int)
            error = await shop.error("large", {"size": 6 * 1024 * 1024})
            assert error["errorType"] == "Function.ResponseSizeTooLarge"

    asyncio.run(main())


def test_environments_are_reused_and_never_more_than_the_limit():
    async def main():
        async with running(usual()) as shop:
            pids = [await shop.result("sleep", {"seconds": 0}) for _ in range(5)]
            assert len(set(pids)) == 1
            many = await asyncio.gather(*(shop.result("sleep", {"seconds": 0.05}) for _ in range(12)))
            assert 2 <= len(set(many)) <= 3

    asyncio.run(main())


def test_output_is_forwarded_line_by_line_with_its_invocation(capfd):
    async def main():
        async with running(usual()) as shop:
            await shop.result("chat", {"lines": 5_000})
            await asyncio.sleep(0.3)

    asyncio.run(main())
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines() if "shop." in line]
    plain = [line for line in lines if line["event"] == "shop.stdout"]
    assert plain[0]["message"] == "plain text"
    assert len(plain) >= 5_000
    own = next(line for line in lines if line["event"] == "shop.test")
    assert own["faas.invocation_id"] == plain[0]["faas.invocation_id"]


def test_an_unknown_function_is_404_and_an_event_is_taken_at_once(tmp_path):
    async def main():
        async with running(usual()) as shop:
            assert (await shop.invoke("nobody", {})).status == 404
            answer = await shop.invoke("wait", {"for": str(tmp_path / "go")}, **{"X-Amz-Invocation-Type": "Event"})
            assert answer.status == 202
            (tmp_path / "go").touch()
            async with asyncio.timeout(20):
                while not (tmp_path / "go.seen").exists():  # noqa: ASYNC110 - another process makes it
                    await asyncio.sleep(0.01)

    asyncio.run(main())


def test_a_handler_that_cannot_be_imported_says_why():
    broken = (Function("broken", "things", "tests.integration.lambda_host.nothing.here"),)

    async def main():
        async with running(usual(), FUNCTIONS[:1]) as shop:
            shop.host.pools["broken"] = pool = type(shop.host.pools["echo"])(
                broken[0], shop.host._starter, {"PYTHONPATH": os.pathsep.join(["src", "."])}
            )
            error = await shop.error("broken", {})
            assert error["errorType"] == "Runtime.ImportModuleError"
            await pool.close()

    asyncio.run(main())


def test_the_shim_serves_as_the_wheel_does():
    """Where AWS's client has no wheel, ours takes its place."""

    async def main():
        async with running(ShimSpawning()) as shop:
            answer = await shop.result("echo", {"a": 1})
            assert answer["event"] == {"a": 1}
            assert (await shop.error("fail", {"what": "luck"}))["errorMessage"] == "no luck"
            error = await shop.error("die", {"status": 1})
            assert error["errorType"] == "Runtime.ExitError"

    asyncio.run(main())


class ShimSpawning(Spawning):
    """Spawns with AWS's client hidden."""

    async def start(self, name, environment, output):
        hidden = str(Path("tests/integration/lambda_host/hidden"))
        path = os.pathsep.join([hidden, environment["PYTHONPATH"]])
        return await super().start(name, environment | {"PYTHONPATH": path}, output)


def test_a_packaged_function_finds_its_package_and_nothing_of_this_checkout(tmp_path):
    (tmp_path / "package" / "things").mkdir(parents=True)
    (tmp_path / "package" / "things" / "app.py").write_text(PACKAGED)
    function = Function("packaged", "things", "things.app.handler", timeout=timedelta(seconds=10), concurrency=1)
    where = {"LAMBDA_TASK_ROOT": str(tmp_path / "package"), "LAMBDA_RUNTIME_DIR": str(runtime(tmp_path / "runtime"))}

    async def main():
        async with running(Isolated(), (function,), where) as host:
            return await host.result("packaged", {})

    seen = asyncio.run(main())
    assert seen["found"] == ["things.app"]
    assert seen["site"] == []
    assert seen["path"][-2:] == list(where.values())


PACKAGED = """
import importlib, sys

def handler(event, context):
    found = []
    for name in ("things.app", "shop", "shop.cli", "msgspec", "boto3", "tests"):
        try:
            importlib.import_module(name)
        except ImportError:
            continue
        found.append(name)
    return {"found": found, "site": [path for path in sys.path if "site-packages" in path], "path": sys.path}
"""
