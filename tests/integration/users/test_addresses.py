"""An address book: exactly one default when there is any, at most twenty, and no change is lost."""

import pytest
from tests.integration.users.conftest import an_address, at_once

PREFECTURES = [
    "北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県", "栃木県", "群馬県",
    "埼玉県", "千葉県", "東京都", "神奈川県", "新潟県", "富山県", "石川県", "福井県", "山梨県", "長野県",
    "岐阜県", "静岡県", "愛知県", "三重県", "滋賀県", "京都府", "大阪府", "兵庫県", "奈良県", "和歌山県",
    "鳥取県", "島根県", "岡山県", "広島県", "山口県", "徳島県", "香川県", "愛媛県", "高知県", "福岡県",
    "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県", "鹿児島県", "沖縄県",
]  # fmt: skip


@pytest.fixture(scope="module")
def signed_in(run, users):
    return run(users.customer())


class Book:
    """Somebody's address book, over HTTP."""

    def __init__(self, users, who):
        self.users, self.who, self.path = users, who, f"/users/{who.id}/addresses"

    async def call(self, method, address_id=None, body=None, **headers):
        path = f"{self.path}/{address_id}" if address_id else self.path
        return await self.users.call(method, path, body, token=self.who.token, headers=headers)

    async def add(self, **changes):
        answer = await self.call("POST", None, an_address(**changes))
        assert answer.status == 201, answer.body
        return answer.json

    async def items(self):
        return (await self.call("GET")).json["items"]

    async def defaults(self):
        return [item["label"] for item in await self.items() if item["isDefault"]]


@pytest.fixture
def book(run, users, signed_in):
    """An empty one."""

    async def emptied():
        book = Book(users, signed_in)
        for item in await book.items():
            assert (await book.call("DELETE", item["id"])).status == 204
        return book

    return run(emptied())


def test_an_address_is_kept_as_it_was_written(run, book):
    async def story():
        assert await book.items() == []
        answer = await book.call("POST", None, an_address(line2="ミエルカハイツ 201", recipient="か\u3099く"))
        address = answer.json
        assert (answer.status, answer.headers["location"]) == (201, f"{book.path}/{address['id']}")
        assert address == an_address(line2="ミエルカハイツ 201", recipient="がく") | {
            "id": address["id"], "country": "JP", "isDefault": True, "version": 1,
        }  # fmt: skip
        assert await book.items() == [address]
        answer = await book.call("PUT", address["id"], {
            "recipient": "山田", "postalCode": "604-8001", "prefecture": "京都府", "city": "京都市", "line1": "上る 45",
        })  # fmt: skip
        assert (answer.status, answer.json["version"]) == (200, 2)
        assert {name: answer.json[name] for name in ("label", "line2", "phone", "isDefault", "country")} == {
            "label": "", "line2": None, "phone": None, "isDefault": True, "country": "JP",
        }  # fmt: skip
        assert await book.items() == [answer.json]

    run(story())


def test_there_is_exactly_one_default_and_it_passes_to_the_oldest(run, book):
    async def story():
        first, _, third = [await book.add(label=label) for label in ("一", "二", "三")]
        assert await book.defaults() == ["一"]
        fourth = await book.add(label="四", isDefault=True)
        assert await book.defaults() == ["四"]
        assert (await book.call("PUT", third["id"], an_address(label="三", isDefault=True))).json["isDefault"] is True
        assert await book.defaults() == ["三"]
        assert (await book.call("PUT", third["id"], an_address(label="三", isDefault=False))).json["isDefault"] is True
        assert (await book.call("DELETE", fourth["id"])).status == 204
        assert await book.defaults() == ["三"]
        assert (await book.call("DELETE", third["id"])).status == 204
        assert await book.defaults() == ["一"]
        assert (await book.call("DELETE", first["id"])).status == 204
        assert await book.defaults() == ["二"]
        assert [item["label"] for item in await book.items()] == ["二"]

    run(story())


def test_a_client_that_has_seen_another_version_of_an_address_changes_nothing(run, book):
    async def story():
        answer = await book.call("POST", None, an_address())
        address, seen = answer.json, answer.headers["etag"]
        answer = await book.call("PUT", address["id"], an_address(city="一"), **{"if-match": seen})
        assert (answer.status, answer.json["version"]) == (200, 2)
        for method, body in (("PUT", an_address(city="二")), ("DELETE", None)):
            stale = await book.call(method, address["id"], body, **{"if-match": seen})
            assert (stale.status, stale.code) == (412, "VERSION_MISMATCH")
            absent = await book.call(method, "nobody", body, **{"if-match": seen})
            assert (absent.status, absent.code) == (404, "ADDRESS_NOT_FOUND")
        await book.add(isDefault=True)
        stale = await book.call("DELETE", address["id"], **{"if-match": answer.headers["etag"]})
        assert stale.status == 412  # it is the default no more: that shows, too
        (now, _) = await book.items()
        assert (now["city"], now["version"], now["isDefault"]) == ("一", 3, False)
        assert (await book.call("DELETE", address["id"], **{"if-match": '"3"'})).status == 204

    run(story())


def test_of_30_addresses_at_once_20_are_kept_and_one_is_the_default(run, book):
    async def story():
        answers = await at_once(30, lambda index: book.call("POST", None, an_address(label=f"{index}", isDefault=True)))
        assert sorted(answer.status for answer in answers) == [201] * 20 + [409] * 10
        assert {answer.code for answer in answers if answer.status == 409} == {"ADDRESS_LIMIT"}
        kept = {answer.json["id"] for answer in answers if answer.status == 201}
        assert {item["id"] for item in await book.items()} == kept
        assert len(await book.defaults()) == 1
        full = await book.call("POST", None, an_address())
        assert (full.status, full.code) == (409, "ADDRESS_LIMIT")
        assert (await book.call("PUT", kept.pop(), an_address())).status == 200

    run(story())


def test_changes_at_once_of_different_addresses_are_all_made(run, book):
    async def story():
        addresses = [await book.add(label=f"{index}") for index in range(8)]

        async def change(index):
            address_id = addresses[index]["id"]
            if index % 2:
                return (await book.call("DELETE", address_id)).status
            return (await book.call("PUT", address_id, an_address(label=f"新{index}"))).status

        assert await at_once(8, change) == [200, 204] * 4
        assert [item["label"] for item in await book.items()] == ["新0", "新2", "新4", "新6"]
        assert await book.defaults() == ["新0"]

    run(story())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"postalCode": "1500001"}, "postalCode"),
        ({"postalCode": "150-0001\n"}, "postalCode"),
        ({"postalCode": "１５０-０００１"}, "postalCode"),
        ({"postalCode": "150-00011"}, "postalCode"),
        ({"postalCode": None}, "postalCode"),
        ({"prefecture": "東京"}, "prefecture"),
        ({"prefecture": "Tokyo"}, "prefecture"),
        ({"prefecture": ""}, "prefecture"),
        ({"country": "US"}, "country"),
        ({"recipient": ""}, "recipient"),
        ({"recipient": "　"}, "recipient"),
        ({"recipient": "名" * 101}, "recipient"),
        ({"city": None}, "city"),
        ({"line1": " "}, "line1"),
        ({"line2": "x" * 101}, "line2"),
        ({"label": "x" * 101}, "label"),
        ({"phone": "なし"}, "phone"),
        ({"isDefault": "true"}, "isDefault"),
        ({"id": "mine"}, "id"),
        ({"version": 1}, "version"),
        ({"userId": "another"}, "userId"),
    ],
)
def test_what_an_address_cannot_be_is_422(run, users, signed_in, changes, field):
    book = Book(users, signed_in)
    for method, address_id in (("POST", None), ("PUT", "nobody")):
        answer = run(book.call(method, address_id, an_address(**changes)))
        assert (answer.status, [error["field"] for error in answer.json["errors"]]) == (422, [field])


def test_there_are_47_prefectures(run, users, signed_in, book):
    async def story():
        address = await book.add()
        for prefecture in PREFECTURES:
            answer = await book.call("PUT", address["id"], an_address(prefecture=prefecture))
            assert answer.json["prefecture"] == prefecture

    assert len(set(PREFECTURES)) == 47
    run(story())


def test_an_address_book_is_its_owners_and_the_admins(run, users, book):
    async def story():
        other, address = await users.customer(), await book.add()
        one = f"{book.path}/{address['id']}"
        for method, path, body in (
            ("GET", book.path, None),
            ("POST", book.path, an_address()),
            ("PUT", one, an_address()),
            ("DELETE", one, None),
        ):
            assert (await users.call(method, path, body, token=other.token)).code == "FORBIDDEN"
            assert (await users.call(method, path, body)).code == "UNAUTHENTICATED"
            nobody = path.replace(book.who.id, "nobody")
            answer = await users.call(method, nobody, body, token=users.admin)
            assert (answer.status, answer.code) == (404, "USER_NOT_FOUND")
        assert (await users.call("GET", book.path, token=users.admin)).json["items"] == [address]
        for method, body in (("PUT", an_address()), ("DELETE", None)):
            theirs = f"/users/{other.id}/addresses/{address['id']}"
            assert (await users.call(method, theirs, body, token=other.token)).code == "ADDRESS_NOT_FOUND"

    run(story())
