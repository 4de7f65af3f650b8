"""Searching: what is found, how it is counted, and in which order it comes."""

import asyncio

import pytest


async def found(catalog, query, **more):
    """The names found by a search."""
    answer = await catalog.get(f"/products/search?{query}", **more)
    assert answer.status == 200, answer.body
    return [item["name"] for item in answer.json["items"]]


@pytest.fixture(scope="module")
def shelf(run, catalog):
    async def fill():
        await catalog.create(
            name="手挽きコーヒーミル", description="静かに挽く。", translations={"en": {"name": "Hand coffee mill"}}
        )
        await catalog.create(
            name="珈琲豆 深煎り", description="", translations={"en": {"name": "Dark coffee beans"}}, categoryId="books"
        )
        await catalog.create(
            name="万年筆 藍",
            description="長い手紙を書きたくなる。",
            translations={"en": {"name": "Fountain pen, indigo"}},
        )
        await until_indexed(catalog, 3)

    run(fill())


async def until_indexed(catalog, documents):
    for _ in range(200):
        state = (await catalog.get("/search-index", token=catalog.admin)).json
        if state["documents"] >= documents and state["state"] == "ready":
            return
        await asyncio.sleep(0.05)
    raise AssertionError(state)


@pytest.mark.parametrize("q", ["こーひー", "珈琲", "ｺｰﾋｰ", "コーヒー", "coffee", "ＣＯＦＦＥＥ", "コ-ヒ-"])
def test_a_word_is_found_however_it_is_written(run, catalog, shelf, q):
    assert set(run(found(catalog, f"q={q}"))) == {"手挽きコーヒーミル", "珈琲豆 深煎り"}
