"""Users: the time of a new environment to its first answer, of a warm one for a profile, and what a login tells by it.

`python tests/bench/bench_users.py [--runs N] [--requests N]`; part of `make bench`.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.bench.machine import machine, report
from tests.support.account import Account
from tests.support.asgi import InProcess
from tests.support.client import Shop
from tests.support.functions import from_gateway
from tests.support.people import token_of
from tests.support.servers import Servers

from shop.contracts.topology import FUNCTIONS
from shop.kernel.clock import stamp
from shop.local.emulator import Access
from shop.local.lambda_host.host import module_of
from shop.local.lambda_host.pool import Pool
from shop.local.lambda_host.starting import Forking, Spawning, Starter
from shop.local.provision import provision
from shop.runtime.aws import Aws
from shop.runtime.dynamo import Table
from shop.users import app, store
from shop.users.model import Account as Kept
from shop.users.model import Profile

FUNCTION = next(function for function in FUNCTIONS if function.name == "users-http")
WRONG = "Mieruka-2025"


def milliseconds(since: float) -> float:
    return (time.perf_counter() - since) * 1000


async def a_profile() -> str:
    """The id of an account in the table."""
    at, user_id = stamp(), str(uuid4())
    profile = Profile(id=user_id, email="bench@example.jp", name="計測", version=1, created_at=at, updated_at=at)
    async with Aws() as aws:
        table = Table(aws, "users")
        await table.write(table.put(store.account_item(Kept(profile=profile, confirmed_at=at))))
    return user_id


def cpu(pid: int) -> float:
    """Milliseconds of processor time of a process so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


async def first_answers(
    starter: Starter, payload: bytes, environment: dict[str, str], runs: int
) -> tuple[list[float], list[float]]:
    """Milliseconds from the wish for a new environment to its first answer: profile, token check and all.

    And the processor's part in it, which a busy machine does not change much.
    """
    pools: list[Pool] = []

    def gone(pid: int, how: str) -> None:
        any(pool.gone(pid, how) for pool in pools)

    await starter.open(gone)
    taken, worked = [], []
    for _ in range(runs):
        pool = Pool(FUNCTION, starter, environment)
        pools.append(pool)
        begun = time.perf_counter()
        outcome = await pool.invoke(payload)
        taken.append(milliseconds(begun))
        assert json.loads(outcome.body)["statusCode"] == 200, outcome
        if sys.platform == "linux":
            worked += [cpu(pid) for pid in pool.pids.values()]
    await starter.close()
    for pool in pools:
        await pool.close()
    return taken, worked


def quietly(*question: Any) -> tuple[list[float], list[float]]:
    """`first_answers`, without what the functions print."""
    with Path(os.devnull).open("w") as nothing, contextlib.redirect_stdout(nothing):
        return asyncio.run(first_answers(*question))


def cold(account: Account, runs: int) -> Iterable[bool]:
    """Whether the promises about cold starts are kept."""
    environment = account.environment() | {"TABLE_NAME": "users"}
    os.environ.update(environment)
    token = token_of(account, "customer", "admin")
    payload = json.dumps(from_gateway(f"/users/{asyncio.run(a_profile())}/profile", token=token)).encode()
    quietly(Spawning(), payload, environment, 1)  # which compiles
    spawned, worked = quietly(Spawning(), payload, environment, runs)
    yield report("cold start, spawned, to the first answer", spawned, "ms", 350, 230)
    yield not worked or report("  of which the processor was busy", worked, "ms", 350, 230)
    if sys.platform == "linux":
        zygote = Forking(module_of(each) for each in FUNCTIONS)
        forked, worked = quietly(zygote, payload, environment, runs)
        yield report("cold start, forked, to the first answer", forked, "ms", 60)
        yield report("  of which the processor was busy", worked, "ms", 60)


def warm(shop: Shop, requests: int) -> bool:
    """Whether a profile comes in time through the gateway."""
    who = shop.login(**shop.info["customers"][0])
    taken = []
    for index in range(requests + 50):
        begun = time.perf_counter()
        answer = who.call("GET", f"/users/{who.id}/profile")
        if index >= 50:
            taken.append(milliseconds(begun))
        assert answer.status == 200, answer.body
    return report("GET /users/{id}/profile, warm, through the gateway", taken, "ms", 8)


async def wrong_logins(api: InProcess, emails: list[str]) -> list[float]:
    """Milliseconds of a login with a wrong password, each from another client."""
    taken = []
    for email in emails:
        client = {"x-forwarded-for": str(ip_address(random.getrandbits(32)))}
        begun = time.perf_counter()
        answer = await api.call("POST", "/auth/login", {"email": email, "password": WRONG}, headers=client)
        taken.append(milliseconds(begun))
        assert answer.status == 401, answer.body
    return taken


async def told_by_time(accounts: int) -> bool:
    """Whether the time of an answer does not tell who has an account."""
    async with InProcess(app.api()) as api:
        known, unknown = ([f"{uuid4().hex}@example.jp" for _ in range(accounts)] for _ in range(2))
        for email in known:
            body: dict[str, Any] = {"email": email, "password": "Mieruka-2026", "name": "計測"}
            assert (await api.call("POST", "/users", body)).status == 201
        await wrong_logins(api, [f"{uuid4().hex}@example.jp" for _ in range(10)])
        differences: list[float] = []
        both: list[float] = []
        for one, other in zip(known, unknown, strict=True):
            first, second = random.sample([one, other], 2)
            times = dict(zip((first, second), await wrong_logins(api, [first, second]), strict=True))
            differences.append(times[one] - times[other])
            both += times.values()
    print(f"{'a login that fails':<44} {statistics.median(both):>9.4g} ms")
    kept = report("  slower when there is such an account, by", differences, "ms", 1)
    return kept and statistics.median(differences) > -1


def main() -> int:
    """Print the table; 1 when a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="cold starts of each kind (default 15)")
    parser.add_argument("--requests", type=int, default=500, help="warm requests (default 500)")
    arguments = parser.parse_args()
    sys.stdout = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what the functions print is not asked for here
    print(machine())
    with Servers() as servers:
        access = Access(servers.start("emulator")["endpoint"], servers.start("account")["account"])
        kept = [*cold(Account(access, provision(access)), arguments.runs), asyncio.run(told_by_time(100))]
        shop = Shop(servers.start("shop"))
        kept.append(warm(shop, arguments.requests))
        shop.close()
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
