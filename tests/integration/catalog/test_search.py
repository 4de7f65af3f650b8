"""Searching: what is found, how it is counted and marked, and in which order it comes."""

import asyncio
import random
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import msgspec
import pytest
from tests.support.otlp import Receiver, sending
from tests.support.searching import asked, every_page, load, search, until_seen

from shop.catalog.model import Draft, Entry
from shop.contracts.shapes import Text
from shop.kernel.ids import new_id

OPENED = datetime(2026, 1, 1, tzinfo=UTC)

SORTS = {
    "relevance": lambda item: (-item["score"], item["id"]),
    "newest": lambda item: (-datetime.fromisoformat(item["createdAt"]).timestamp(), item["id"]),
    "priceAsc": lambda item: (item["price"]["amount"], item["id"]),
    "priceDesc": lambda item: (-item["price"]["amount"], item["id"]),
    "rating": lambda item: (-item["rating"]["average"], item["id"]),
}
CATEGORIES = ["kitchen", "pans", "egg-pans", "books"]
INSIDE = {"kitchen": {"kitchen", "pans", "egg-pans"}, "pans": {"pans", "egg-pans"}, "books": {"books"}}


def yen(amount):
    return {"amount": amount, "currency": "JPY"}


@pytest.fixture(scope="module")
def shelf(run, catalog):
    """Sixty mugs of few prices and times, so that ties abound; a draft and an archived one among them."""
    rng = random.Random(11)
    made = [mug(number, rng) for number in range(60)]

    async def fill():
        await load(catalog.dsn, made)
        for status in ("draft", "archived"):
            await catalog.create(name="マグ 見えない", status=status)
        await until_seen(catalog.api, "マグ", 60)
        return [entry.id for entry in made]

    return run(fill())


def mug(number, rng):
    """A product of few prices, times and ratings."""
    draft = Draft(
        sku=f"MUG-{number}",
        name=f"マグ {number}号",
        description=rng.choice(["", "毎朝のマグ。", "マグ、マグ、マグ。 " * 3]),
        price=rng.choice([500, 999, 1_000, 4_999, 5_000]),
        category_id=rng.choice(CATEGORIES),
        status="active",
        translations={"en": Text(name=f"Mug no {number}")},
    )
    stars = rng.choice([0, 1, 3])
    entry = Entry.new(new_id(), draft, OPENED + timedelta(hours=number // 5))
    return msgspec.structs.replace(entry, rating_sum=2 * stars + number % 2, rating_count=stars)


@pytest.fixture(scope="module")
def shop(run, catalog):
    """Things that differ by what they are called."""

    async def fill():
        things = [
            ("手挽きコーヒーミル", "静かに挽く。", "Hand coffee mill", {"素材": "木・セラミック"}),
            ("珈琲豆 深煎り 200g", "", "Dark roasted beans", {}),
            ("万年筆 藍軸", "長い手紙を書きたくなるペン先。", "Fountain pen, indigo", {}),
            ("色鉛筆 24色", "やわらかな芯。万年使える筆。", "Coloured pencils", {}),
            ("玉子焼き <銅> & 鉄", 'Tom & "Jerry" も <b>驚く</b> 焼き器。', "Omelette pan", {}),
        ]
        for name, description, english, attributes in things:
            await catalog.create(
                name=name,
                description=description,
                attributes=attributes,
                categoryId="egg-pans" if "玉子" in name else "books",
                translations={"en": {"name": english}},
            )
        await until_seen(catalog.api, "Omelette", 1)

    run(fill())


def names(page):
    return {item["name"] for item in page["items"]}


COFFEE = {"手挽きコーヒーミル", "珈琲豆 深煎り 200g"}


@pytest.mark.parametrize("q", ["こーひー", "珈琲", "ｺｰﾋｰ", "コーヒー", "コ-ヒ-", "コーヒ", " 珈琲　"])
def test_a_word_is_found_however_it_is_written(run, catalog, shop, q):
    page = run(search(catalog.api, q))
    assert (names(page), page["correctedQuery"]) == (COFFEE, None)


@pytest.mark.parametrize(
    ("q", "name"),
    [
        ("まんねんひつ", "万年筆 藍軸"),
        ("マンネンヒツ", "万年筆 藍軸"),
        ("ＦＯＵＮＴＡＩＮ ｐｅｎｓ", "万年筆 藍軸"),
        ("fountain pens", "万年筆 藍軸"),
        ("てびき こーひー みる", "手挽きコーヒーミル"),
        ("24色", "色鉛筆 24色"),
        ("セラミック", "手挽きコーヒーミル"),
        ("玉子焼き器", "玉子焼き <銅> & 鉄"),
    ],
)
def test_a_product_is_found_by_sound_in_either_language_and_by_its_attributes(run, catalog, shop, q, name):
    page = run(search(catalog.api, q))
    assert page["items"][0]["name"] == name
    assert page["correctedQuery"] is None


@pytest.mark.parametrize(
    ("q", "corrected", "name"),
    [
        ("コーヒアミル", "コーヒーミル", "手挽きコーヒーミル"),
        ("コーヒーミノ", "コーヒーミル", "手挽きコーヒーミル"),
        ("まんねんひち", "万年筆", "万年筆 藍軸"),
        ("万年必", "万年筆", "万年筆 藍軸"),
        ("fountian", "fountain", "万年筆 藍軸"),
        ("cofee", "coffee", "手挽きコーヒーミル"),
        ("omelete", "omelette", "玉子焼き <銅> & 鉄"),
        ("dark roastd", "dark roasted", "珈琲豆 深煎り 200g"),
        ("Xencils 24色", "pencils 24色", "色鉛筆 24色"),
    ],
)
def test_a_word_that_is_one_letter_off_is_corrected(run, catalog, shop, q, corrected, name):
    page = run(search(catalog.api, q))
    assert page["correctedQuery"] == corrected
    assert page["items"][0]["name"] == name


@pytest.mark.parametrize("q", ["xyzzyqwert", "存在しない商品", "未", "鋳", "ぬるぽがっ", "コーヒー 宇宙船", "12345678"])
def test_what_is_not_there_is_not_found(run, catalog, shop, q):
    page = run(search(catalog.api, q))
    assert (page["items"], page["total"], page["correctedQuery"]) == ([], 0, None)
    assert page["facets"] == {"categories": [], "prices": []}


def test_words_in_quotation_marks_stand_side_by_side(run, catalog, shop):
    for q, expected in (
        ("mill coffee", {"手挽きコーヒーミル"}),
        ('"mill coffee"', set()),
        ('"coffee mill"', {"手挽きコーヒーミル"}),
        ('hand "コーヒー ミル"', {"手挽きコーヒーミル"}),
    ):
        assert names(run(search(catalog.api, q))) == expected, q


def test_the_name_of_a_category_finds_what_is_in_it(run, catalog, shop):
    page = run(search(catalog.api, "玉子焼き器"))
    assert {"玉子焼き <銅> & 鉄"} == {item["name"] for item in page["items"] if "マグ" not in item["name"]}
    english = run(search(catalog.api, "kitchen", limit=100))
    assert {item["categoryId"] for item in english["items"]} <= INSIDE["kitchen"]
    assert english["total"] == len(english["items"]) > 0


@pytest.mark.parametrize("q", ["!!!", "　", "。、", "の", "🙂", '"'])
def test_a_query_without_a_word_finds_nothing(run, catalog, shop, q):
    page = run(search(catalog.api, q))
    assert (page["items"], page["total"], page["nextToken"], page["engine"]) == ([], 0, None, "tantivy")


def test_highlights_are_the_original_text_escaped_with_the_words_marked(run, catalog, shop):
    async def story():
        mill = (await search(catalog.api, "ｺｰﾋｰ みる"))["items"][0]["highlights"]
        assert mill == {"name": ["手挽き<em>コーヒーミル</em>"]}
        beans = {item["name"]: item["highlights"] for item in (await search(catalog.api, "こーひー"))["items"]}
        assert beans["珈琲豆 深煎り 200g"] == {"name": ["<em>珈琲</em>豆 深煎り 200g"]}
        pan = (await search(catalog.api, "銅 驚く tom"))["items"][0]["highlights"]
        assert pan["name"] == ["玉子焼き &lt;<em>銅</em>&gt; &amp; 鉄"]
        assert pan["description"] == [
            "<em>Tom</em> &amp; &quot;Jerry&quot; も &lt;b&gt;<em>驚く</em>&lt;/b&gt; 焼き器。"
        ]
        assert (await search(catalog.api, "せらみっく"))["items"][0]["highlights"] == {
            "attributes.素材": ["木・<em>セラミック</em>"]
        }
        other = (await search(catalog.api, "fountain"))["items"][0]["highlights"]
        assert other == {"translations.en.name": ["<em>Fountain</em> pen, indigo"]}
        english = (await search(catalog.api, "fountain", language="en"))["items"][0]
        assert (english["name"], english["highlights"]) == (
            "Fountain pen, indigo",
            {"name": ["<em>Fountain</em> pen, indigo"]},
        )

    run(story())


def test_a_highlight_is_a_part_of_its_text(run, catalog, shelf):
    async def story():
        for item in (await search(catalog.api, "マグ", limit=100))["items"]:
            for field, fragments in item["highlights"].items():
                for fragment in fragments:
                    assert unescape(re.sub("</?em>", "", fragment)) in item[field]
                    assert "<em>マグ" in fragment

    run(story())


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize("sort", list(SORTS))
def test_pages_together_are_all_that_was_found_in_order(run, catalog, shelf, sort, limit):
    items = run(every_page(catalog.api, "マグ", limit, sort=sort))
    assert sorted(item["id"] for item in items) == sorted(shelf)
    assert [item["id"] for item in items] == [item["id"] for item in sorted(items, key=SORTS[sort])]
    assert all(isinstance(item["score"], float) and item["score"] > 0 for item in items)


@pytest.mark.parametrize("category", [None, "kitchen", "pans", "books", "nothing"])
@pytest.mark.parametrize("prices", [(None, None), (999, 1_000), (None, 999), (1_001, None), (0, 10**17), (5_000, 1)])
def test_total_and_facets_count_what_all_filters_leave(run, catalog, shelf, category, prices):
    async def story():
        low, high = prices
        filters = {"categoryId": category, "minPrice": low, "maxPrice": high}
        filters = {name: value for name, value in filters.items() if value is not None}
        everything = await every_page(catalog.api, "マグ", 100)
        expected = [
            item
            for item in everything
            if (category is None or item["categoryId"] in INSIDE.get(category, ()))
            and (low or 0) <= item["price"]["amount"] <= (10**9 if high is None else high)
        ]
        page = await search(catalog.api, "マグ", limit=100, **filters)
        assert [item["id"] for item in page["items"]] == [item["id"] for item in expected]
        assert page["total"] == len(expected)
        facets = page["facets"]
        counted = {each["id"]: each["count"] for each in facets["categories"]}
        assert counted == {
            each: count for each in CATEGORIES if (count := sum(item["categoryId"] == each for item in expected))
        }
        assert sum(each["count"] for each in facets["prices"]) == len(expected)
        for each in facets["prices"]:
            inside = [item for item in expected if each["from"] <= item["price"]["amount"] < each["to"]]
            assert each["count"] == len(inside) > 0

    run(story())


def test_facets_carry_the_categories_names_in_the_language_asked_for(run, catalog, shelf):
    async def story():
        for language, name in (("ja", "フライパン"), ("en", "Pans")):
            page = await search(catalog.api, "マグ", language=language)
            assert {each["id"]: each["name"] for each in page["facets"]["categories"]}["pans"] == name

    run(story())


@pytest.mark.parametrize(("sort", "word"), [("relevance", "風車"), ("priceAsc", "独楽")])
def test_pages_go_on_where_they_were_while_products_come_and_go(run, catalog, sort, word):
    async def story():
        for number in range(25):
            await catalog.create(name=f"{word} {number}", price=yen(100 + number // 6))
        await until_seen(catalog.api, word, 25)
        before = [item["id"] for item in await every_page(catalog.api, word, 100, sort=sort)]
        first = await search(catalog.api, word, limit=10, sort=sort)
        for _ in range(3):
            await catalog.create(name=f"{word} {word} {word}", price=yen(1))
        await until_seen(catalog.api, word, 28)
        await catalog.api.call("DELETE", f"/products/{before[12]}", token=catalog.admin)
        second = await search(catalog.api, word, limit=10, sort=sort, nextToken=first["nextToken"])
        assert [item["id"] for item in second["items"]] == [*before[10:12], *before[13:21]]

    run(story())


async def change(catalog, product_id, **changes):
    """PUT a product with these changes."""
    now = (await catalog.get(f"/products/{product_id}", token=catalog.admin)).json
    fields = ("sku", "name", "description", "price", "categoryId", "status", "attributes", "translations")
    body = {name: now[name] for name in fields} | changes
    answer = await catalog.api.call("PUT", f"/products/{product_id}", body, token=catalog.admin)
    assert answer.status == 200, answer.body


def test_a_token_is_good_for_its_own_search_alone(run, catalog, shelf):
    async def story():
        token = (await search(catalog.api, "マグ", limit=5))["nextToken"]
        for q, more in (
            ("号", {}),
            ("マグ", {"sort": "priceAsc"}),
            ("マグ", {"minPrice": 1}),
            ("マグ", {"maxPrice": 10}),
            ("マグ", {"categoryId": "pans"}),
        ):
            answer = await asked(catalog.api, q, nextToken=token, **more)
            assert (answer.status, answer.code) == (400, "PAGE_TOKEN_INVALID"), (q, more)
        for forged in (token[:-2] + "AA", "x", token + "A"):
            answer = await asked(catalog.api, "マグ", nextToken=forged)
            assert (answer.status, answer.code) == (400, "PAGE_TOKEN_INVALID")
        assert (await asked(catalog.api, "マグ", nextToken=token, limit=9)).status == 200

    run(story())


@pytest.mark.parametrize(
    "query",
    ["", "q=", f"q={'a' * 201}", "q=a&sort=best", "q=a&limit=0", "q=a&limit=101", "q=a&minPrice=-1", "q=a&maxPrice=x"],
)
def test_what_cannot_be_searched_for_is_422(run, catalog, query):
    answer = run(catalog.get(f"/products/search?{query}"))
    assert (answer.status, answer.code) == (422, "VALIDATION_FAILED")


@pytest.mark.parametrize(
    "q",
    ["a" * 200, "鍋" * 200, 'id:{a TO *} AND (name:"', "%", "' or 1=1 --", "ﷺ" * 200, "a b " * 50, "゛゜" * 9],
)
def test_any_text_of_at_most_200_letters_is_answered(run, catalog, shelf, q):
    assert run(asked(catalog.api, q)).status == 200


def test_a_deleted_product_is_not_found_from_the_moment_its_deletion_was_answered(run, catalog, shelf):
    async def story():
        products = [await catalog.create(name=f"消えもの 第{number}") for number in range(12)]
        await until_seen(catalog.api, "消えもの", 12)
        for count, product in enumerate(products, 1):
            answer = await catalog.api.call("DELETE", f"/products/{product['id']}", token=catalog.admin)
            assert answer.status == 204
            page = await search(catalog.api, "消えもの", limit=5, sort=list(SORTS)[count % 5])
            assert product["id"] not in {item["id"] for item in page["items"]}
            assert page["total"] == 12 - count
            assert len(page["items"]) == min(5, 12 - count)
            assert sum(each["count"] for each in page["facets"]["categories"]) == 12 - count

    run(story())


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_a_product_that_is_hidden_is_not_found_and_comes_back(run, catalog, status):
    async def story():
        product = await catalog.create(name="隠れんぼ人形")
        await until_seen(catalog.api, "隠れんぼ", 1)
        await change(catalog, product["id"], status=status)
        assert (await search(catalog.api, "隠れんぼ"))["total"] == 0
        await change(catalog, product["id"], status="active")
        await until_seen(catalog.api, "隠れんぼ", 1)
        await catalog.api.call("DELETE", f"/products/{product['id']}", token=catalog.admin)

    run(story())


def test_a_changed_product_is_found_by_what_it_says_now_and_shown_as_it_is(run, catalog):
    async def story():
        product = await catalog.create(name="古物の羅針盤", price=yen(100))
        await until_seen(catalog.api, "羅針盤", 1)
        await change(catalog, product["id"], price=yen(777))
        shown = (await search(catalog.api, "羅針盤"))["items"][0]
        assert shown["price"]["amount"] == 777
        await change(catalog, product["id"], name="古物の六分儀")
        await until_seen(catalog.api, "六分儀", 1)
        assert (await search(catalog.api, "羅針盤"))["total"] == 0
        detail = (await catalog.get(f"/products/{product['id']}")).json
        found = (await search(catalog.api, "六分儀"))["items"][0]
        assert {name: found[name] for name in detail} == detail

    run(story())


def test_searches_answer_while_products_are_written(run, catalog, shelf):
    async def write():
        for number in range(40):
            product = await catalog.create(name=f"流れ星 {number}")
            await catalog.api.call("DELETE", f"/products/{product['id']}", token=catalog.admin)

    async def read(done):
        while not done.is_set():
            page = await search(catalog.api, "流れ星", limit=100)
            assert page["total"] == len(page["items"]) <= 1

    async def story():
        done = asyncio.Event()
        readers = [asyncio.create_task(read(done)) for _ in range(3)]
        await write()
        done.set()
        await asyncio.gather(*readers)

    run(story())


def test_a_search_is_counted_once_with_its_script_its_result_and_its_total(run, catalog, shop, capfd):
    async def story():
        headers = {"accept-language": "ja", "user-agent": "shop-orders/1"}
        await search(catalog.api, "マグ", limit=5, categoryId="nothing")
        token = (await search(catalog.api, "こーひー", limit=1))["nextToken"]
        await search(catalog.api, "こーひー", limit=1, nextToken=token)  # another page is no search
        await search(catalog.api, "coffe MILL")
        await search(catalog.api, "珈琲")
        await search(catalog.api, "someone@example.jp 珈琲豆 dark")
        await catalog.api.call("GET", "/products/search?q=beans", headers=headers)
        await catalog.api.call("HEAD", "/products/search?q=beans")

    with Receiver() as collector, sending("catalog", collector, OTEL_SDK_DISABLED="false"):
        run(story())
        capfd.readouterr()
        collector.wait(lambda: collector.total("shop.catalog.searches") == 5)
    counted: dict[tuple[str, str], float] = {}
    for point in collector.points:
        if point.name == "shop.catalog.searches" and point.value:
            key = (point.attributes["shop.search.result"], point.attributes["shop.search.script"])
            counted[key] = counted.get(key, 0) + point.value
    assert counted == {
        ("none", "kana"): 1,
        ("hits", "kana"): 1,
        ("corrected", "latin"): 1,
        ("hits", "kanji"): 1,
        ("none", "mixed"): 1,
    }
