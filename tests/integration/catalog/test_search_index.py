"""The search index of each process: it follows PostgreSQL whatever dies, and is built anew while it answers."""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from unittest import mock
from urllib.parse import urlsplit

import asyncpg
import pytest
from tests.integration.catalog.conftest import CATEGORIES, CatalogUnderTest
from tests.support.asgi import InProcess
from tests.support.people import token_of
from tests.support.proxy import Proxy
from tests.support.searching import asked, every_page, load, search, until, until_seen

from shop.catalog import app
from shop.catalog.model import Draft, Entry
from shop.kernel.ids import new_id
from shop.local.ports import free_port

COPY_OF_ANY = """
    insert into products (id, sku, name, description, price, category_id, status, attributes, translations, version,
                          created_at, updated_at, json_ja, json_en)
    select $1, $1, $2, '', 1, 'pans', 'active', '{}', '{}', 1, now(), now(),
           replace(convert_from(json_ja, 'utf8'), id, $1)::bytea, json_en from products limit 1
"""
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def dsn(run, postgres, request):
    """An empty catalog of the test's own."""
    return postgres(request.node.name.partition("[")[0][:30])


@pytest.fixture(scope="module")
def people(emulator):
    return token_of(emulator, "admin"), token_of(emulator, "customer")


@pytest.fixture
def instance(emulator, people):
    """`instance(dsn, folder)`: a catalog process, in this one."""

    @asynccontextmanager
    async def started(dsn, folder=None):
        environment = environment_of(emulator, dsn, folder)
        with mock.patch.dict("os.environ", environment):
            api = app.api()
        async with InProcess(api) as running:
            catalog = CatalogUnderTest(running, dsn, emulator, *people)
            if not await catalog.sql("select from categories"):
                await catalog.sql(CATEGORIES)
            yield catalog

    return started


def environment_of(emulator, dsn, folder):
    index = {"SEARCH_INDEX_DIR": str(folder)} if folder else {}
    return {**emulator.environment(), "DATABASE_URL": dsn, "OTEL_SDK_DISABLED": "true", **index}


def entries(word, count):
    """Products as a seed writes them."""
    drafts = [
        Draft(sku=f"{word}-{number}", name=f"{word} {number}", price=100, category_id="pans", status="active")
        for number in range(count)
    ]
    return [Entry.new(new_id(), draft, MOMENT) for draft in drafts]


async def state(catalog):
    answer = await catalog.get("/search-index", token=catalog.admin)
    assert answer.status == 200, answer.body
    return answer.json


async def is_ready(catalog):
    return (await state(catalog))["state"] == "ready"


def test_a_change_that_commits_late_is_not_missed(run, instance, dsn):
    async def story():
        async with instance(dsn) as catalog:
            await catalog.create(name="先発の列車")
            await until_seen(catalog.api, "列車", 1)
            late = await asyncpg.connect(dsn)
            transaction = late.transaction()
            await transaction.start()
            await late.execute("select pg_current_xact_id()")  # older than all that follow
            await catalog.create(name="追越の列車")
            await until_seen(catalog.api, "列車", 2)  # nobody waits for the one that is still open
            await late.execute(COPY_OF_ANY, "late", "各停の列車")
            await late.execute("insert into product_changes (product_id) values ('late')")
            await catalog.create(name="後発の列車")
            await until_seen(catalog.api, "列車", 3)
            await transaction.commit()
            page = await until_seen(catalog.api, "列車", 4)
            assert "late" in {item["id"] for item in page["items"]}
            await late.close()

    run(story())


def test_an_index_survives_a_restart_and_catches_up(run, instance, dsn, tmp_path):
    async def story():
        async with instance(dsn, tmp_path) as catalog:
            kept = await catalog.create(name="灯台 一")
            gone = await catalog.create(name="灯台 二")
            await until_seen(catalog.api, "灯台", 2)
            now = await state(catalog)
            assert now.pop("lagSeconds") >= 0
            assert now == {"engine": "tantivy", "documents": 2, "state": "ready", "progress": 1.0}
        place = (tmp_path / "0" / "current").read_text()
        async with instance(dsn) as other:
            await other.create(name="灯台 三")
            await other.api.call("DELETE", f"/products/{gone['id']}", token=other.admin)
        async with instance(dsn, tmp_path) as catalog:
            assert gone["id"] not in {item["id"] for item in (await search(catalog.api, "灯台"))["items"]}
            page = await until_seen(catalog.api, "灯台", 2)
            assert {item["name"] for item in page["items"]} == {"灯台 一", "灯台 三"}
            assert kept["id"] in {item["id"] for item in page["items"]}
        assert (tmp_path / "0" / "current").read_text() == place

    run(story())


def test_many_products_at_once_are_all_found(run, instance, dsn):
    async def story():
        async with instance(dsn) as catalog:
            await asyncio.gather(*(load(dsn, entries(f"SEED{'ABC'[lane]}", 1_500)) for lane in range(3)))
            await until_seen(catalog.api, "seedb", 1_500)
            await until(lambda: is_complete(catalog, 4_500))

    run(story())


async def is_complete(catalog, documents):
    now = await state(catalog)
    return now["documents"] == documents


def test_an_index_is_right_after_kills_at_any_point(run, instance, dsn, tmp_path, emulator):
    async def story():
        async with instance(dsn) as catalog:
            await load(dsn, entries("FIRST", 3_000))
            rng = random.Random(5)
            for round_ in range(3):
                process = started(emulator, dsn, tmp_path)
                await asyncio.sleep(rng.uniform(0.8, 1.6))
                await load(dsn, entries(f"LATER{'ABC'[round_]}", 500))
                await asyncio.sleep(rng.uniform(0.0, 0.4))
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
            gone = (await search(catalog.api, "first", limit=1))["items"] or [{"id": None}]
            if gone[0]["id"]:
                await catalog.api.call("DELETE", f"/products/{gone[0]['id']}", token=catalog.admin)
        async with instance(dsn, tmp_path) as catalog:
            left = 3_000 - bool(gone[0]["id"])
            await until_seen(catalog.api, "first", left)
            for round_ in range(3):
                await until_seen(catalog.api, f"later{'abc'[round_]}", 500)
            items = await every_page(catalog.api, "first", 100, sort="priceAsc")
            assert len({item["id"] for item in items}) == len(items) == left
        assert [place.name for place in tmp_path.iterdir()] == ["0"]
        assert len([place for place in (tmp_path / "0").iterdir() if place.is_dir()]) == 1

    run(story())


def started(emulator, dsn, folder):
    """A catalog process of its own."""
    environment = os.environ | environment_of(emulator, dsn, folder)
    command = [sys.executable, "-m", "uvicorn", "shop.catalog.app:api", "--factory", "--port", str(free_port())]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_every_process_builds_its_index_anew_while_it_answers(run, instance, dsn, tmp_path):
    async def story():
        async with instance(dsn, tmp_path) as one, instance(dsn, tmp_path) as two:
            await load(dsn, entries("BASE", 2_500))
            for catalog in (one, two):
                await until_seen(catalog.api, "base", 2_500)
            await one.sql("delete from product_changes")
            hidden = entries("SECRET", 1)
            await load(dsn, hidden)
            await one.sql("delete from product_changes")  # nobody was told of it
            before = {place: (tmp_path / place / "current").read_text() for place in ("0", "1")}
            refused = await one.api.call("POST", "/search-index/rebuild", token=one.customer)
            assert refused.status == 403
            answer = await one.api.call("POST", "/search-index/rebuild", token=one.admin)
            assert (answer.status, answer.json["state"]) == (202, "rebuilding")
            changed = await one.create(name="BASE なかでも新しい")
            for catalog in (one, two):
                while (await state(catalog))["state"] != "ready" or before == {
                    place: (tmp_path / place / "current").read_text() for place in ("0", "1")
                }:
                    assert (await search(catalog.api, "base"))["total"] >= 2_500
                    await asyncio.sleep(0)
            for catalog in (one, two):
                await until_seen(catalog.api, "secret", 1)
                page = await until_seen(catalog.api, "base なか", 1)
                assert page["items"][0]["id"] == changed["id"]
            for place, name in before.items():
                assert (tmp_path / place / "current").read_text() != name
                assert len([each for each in (tmp_path / place).iterdir() if each.is_dir()]) == 1

    run(story())


def test_an_index_of_another_database_or_a_broken_one_is_built_anew(run, instance, dsn, postgres, tmp_path):
    async def story():
        async with instance(dsn, tmp_path) as catalog:
            await catalog.create(name="旧店の看板")
            await until_seen(catalog.api, "看板", 1)
        other = await asyncio.to_thread(postgres, "other")
        async with instance(other, tmp_path) as catalog:
            await catalog.create(name="新店の看板")
            page = await until_seen(catalog.api, "看板", 1)
            assert page["items"][0]["name"] == "新店の看板"
        for damage in (
            lambda index: (index / "mark.json").write_text("{"),
            lambda index: (index / "meta.json").write_text(""),
            shutil.rmtree,
        ):
            damage(tmp_path / "0" / (tmp_path / "0" / "current").read_text())
            async with instance(other, tmp_path) as catalog:
                await until_seen(catalog.api, "看板", 1)
                await until(lambda: is_ready(catalog))

    run(story())


def test_without_the_database_a_search_is_503_and_comes_back_with_it(run, instance, dsn):
    async def story():
        server = urlsplit(dsn)
        async with Proxy(server.hostname, server.port) as proxy:
            around = dsn.replace(f":{server.port}/", f":{proxy.port}/")
            async with instance(around) as catalog:
                catalog.dsn = dsn
                await catalog.create(name="嵐の前の凧")
                await until_seen(catalog.api, "凧", 1)
                await proxy.cut()
                answer = await asked(catalog.api, "凧")
                assert (answer.status, answer.code) == (503, "DEPENDENCY_UNAVAILABLE")
                assert answer.headers["retry-after"]
                await load(dsn, entries("STORM", 3))
                assert (await state(catalog))["documents"] == 1
                await proxy.open()
                await until_seen(catalog.api, "storm", 3)
                assert (await search(catalog.api, "凧"))["total"] == 1

    run(story())


def test_categories_count_as_they_are_now(run, instance, dsn):
    async def story():
        async with instance(dsn) as catalog:
            await catalog.create(name="移る鉢", categoryId="egg-pans")
            await until_seen(catalog.api, "移る鉢", 1)
            assert (await search(catalog.api, "移る鉢", categoryId="books"))["total"] == 0
            await catalog.sql(
                "update categories set parent_id = 'books', path = '{books,egg-pans}', version = version + 1,"
                " name = '焼き器' where id = 'egg-pans'"
            )
            page = await search(catalog.api, "移る鉢", categoryId="books")
            assert page["total"] == 1
            assert page["facets"]["categories"] == [{"id": "egg-pans", "name": "焼き器", "count": 1}]
            assert (await search(catalog.api, "移る鉢", categoryId="kitchen"))["total"] == 0

    run(story())


@pytest.mark.parametrize(("method", "path"), [("GET", "/search-index"), ("POST", "/search-index/rebuild")])
def test_only_an_admin_sees_the_index(run, instance, dsn, method, path):
    async def story():
        async with instance(dsn) as catalog:
            assert (await catalog.api.call(method, path)).status == 401
            assert (await catalog.api.call(method, path, token=catalog.customer)).status == 403

    run(story())
