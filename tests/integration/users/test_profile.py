"""A profile: its version, who may see and change it, and what others hear of it."""

import pytest
from tests.integration.users.conftest import at_once


@pytest.fixture
def customer(run, users):
    return run(users.customer(name="山田 花子", locale="en"))


def path(who):
    return f"/users/{who.id}/profile"


async def put(users, who, body, **headers):
    return await users.call("PUT", path(who), body, token=who.token, headers=headers)


def test_a_profile_is_what_its_owner_has_said(run, users, customer):
    answer = run(users.call("GET", path(customer), token=customer.token))
    profile = answer.json
    assert answer.status == 200
    assert profile == {
        "id": customer.id, "email": customer.email, "name": "山田 花子", "phone": None, "locale": "en",
        "marketingOptIn": False, "version": 1, "createdAt": profile["createdAt"], "updatedAt": profile["createdAt"],
    }  # fmt: skip
    assert answer.headers["cache-control"] == "private, no-cache"
    head = run(users.call("HEAD", path(customer), token=customer.token))
    assert (head.status, head.body, head.headers["etag"]) == (200, b"", answer.headers["etag"])


def test_a_change_replaces_the_whole_and_is_announced(run, users, customer):
    async def story():
        full = {"name": "か\u3099く", "phone": "+81 90-1234-5678", "locale": "ja", "marketingOptIn": True}
        first = await put(users, customer, full)
        assert (first.status, first.json["version"], first.json["name"]) == (200, 2, "がく")
        assert {name: first.json[name] for name in ("phone", "locale", "marketingOptIn")} == {
            "phone": "+81 90-1234-5678", "locale": "ja", "marketingOptIn": True,
        }  # fmt: skip
        second = await put(users, customer, {"name": "山田", "phone": None, "locale": "en"})
        assert {name: second.json[name] for name in ("phone", "locale", "marketingOptIn", "version")} == {
            "phone": None, "locale": "en", "marketingOptIn": False, "version": 3,
        }  # fmt: skip
        assert second.json["createdAt"] < second.json["updatedAt"]
        assert (await users.call("GET", path(customer), token=customer.token)).json == second.json
        said = await users.announced(customer.id)
        assert [(fact["metadata"]["type"], fact["metadata"]["aggregateVersion"]) for fact in said] == [
            ("UserConfirmed", 1), ("ProfileChanged", 2), ("ProfileChanged", 3),
        ]  # fmt: skip
        assert said[-1]["data"] == {
            "userId": customer.id, "email": customer.email, "name": "山田", "locale": "en",
        }  # fmt: skip

    run(story())


def test_a_client_that_has_seen_another_version_changes_nothing(run, users, customer):
    async def story():
        seen = (await users.call("GET", path(customer), token=customer.token)).headers["etag"]
        first = await put(users, customer, {"name": "一"}, **{"if-match": seen})
        assert (first.status, first.json["version"]) == (200, 2)
        for stale in (seen, '"1"', "2", '"x"', 'W/"2"'):
            answer = await put(users, customer, {"name": "二"}, **{"if-match": stale})
            assert (answer.status, answer.code) == (412, "VERSION_MISMATCH")
        assert (await put(users, customer, {"name": ""}, **{"if-match": seen})).status == 422  # which comes first
        assert (await users.call("GET", path(customer), token=customer.token)).json == first.json
        for version, good in ((3, first.headers["etag"]), (4, '"3"'), (5, "*")):
            answer = await put(users, customer, {"name": "三"}, **{"if-match": good})
            assert (answer.status, answer.json["version"]) == (200, version)

    run(story())


def test_what_a_client_has_already_is_not_sent_again(run, users, customer):
    async def story():
        etag = (await users.call("GET", path(customer), token=customer.token)).headers["etag"]
        seen = {"if-none-match": etag}
        answer = await users.call("GET", path(customer), token=customer.token, headers=seen)
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", etag)
        await put(users, customer, {"name": "新"})
        answer = await users.call("GET", path(customer), token=customer.token, headers=seen)
        assert (answer.status, answer.json["name"]) == (200, "新")

    run(story())


def test_of_many_changes_at_once_that_have_seen_the_same_version_one_is_made(run, users, customer):
    answers = run(at_once(15, lambda index: put(users, customer, {"name": f"名{index}"}, **{"if-match": '"1"'})))
    assert sorted(answer.status for answer in answers) == [200] + [412] * 14
    (winner,) = [answer.json for answer in answers if answer.status == 200]
    now = run(users.call("GET", path(customer), token=customer.token)).json
    assert (now["name"], now["version"]) == (winner["name"], 2)
    assert len(run(users.announced(customer.id))) == 2


def test_of_many_changes_at_once_without_a_version_each_is_made_and_announced_in_turn(run, users, customer):
    answers = run(at_once(15, lambda index: put(users, customer, {"name": f"名{index}"})))
    assert {answer.status for answer in answers} == {200}
    assert sorted(answer.json["version"] for answer in answers) == list(range(2, 17))
    said = {fact["metadata"]["aggregateVersion"]: fact["data"]["name"] for fact in run(users.announced(customer.id))}
    assert all(said[answer.json["version"]] == answer.json["name"] for answer in answers)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["name"]),
        ({"name": None}, ["name"]),
        ({"name": ""}, ["name"]),
        ({"name": "名" * 201}, ["name"]),
        ({"name": 1, "locale": "fr"}, ["name", "locale"]),
        ({"name": "名", "phone": "call me"}, ["phone"]),
        ({"name": "名", "phone": "03-1234-5678\n"}, ["phone"]),
        ({"name": "名", "marketingOptIn": "true"}, ["marketingOptIn"]),
        ({"name": "名", "marketingOptIn": 1}, ["marketingOptIn"]),
        ({"name": "名\0"}, ["name"]),
        ({"name": "名", "email": "other@example.jp"}, ["email"]),
        ({"name": "名", "groups": ["admin"], "role": "admin"}, ["groups", "role"]),
        ({"name": "名", "version": 9, "id": "x", "createdAt": "x"}, ["version", "id", "createdAt"]),
        ([], [""]),
    ],
)  # fmt: skip
def test_what_a_profile_cannot_be_is_422_and_no_field_gives_a_role(run, users, customer, body, fields):
    answer = run(put(users, customer, body))
    assert (answer.status, answer.code) == (422, "VALIDATION_FAILED")
    assert [error["field"] for error in answer.json["errors"]] == fields
    assert len(run(users.announced(customer.id))) == 1


@pytest.mark.parametrize("phone", ["090-1234-5678", "+819012345678", "(03) 1234-5678", "0120 000 000"])
def test_a_phone_number_may_be_written_as_people_do(run, users, customer, phone):
    assert run(put(users, customer, {"name": "名", "phone": phone})).json["phone"] == phone


def test_a_profile_is_its_owners_and_the_admins(run, users, customer):
    async def story():
        other = await users.customer()
        for method, body in (("GET", None), ("PUT", {"name": "悪"})):
            for existing in (path(customer), "/users/nobody/profile"):
                stranger = await users.call(method, existing, body, token=other.token)
                assert (stranger.status, stranger.code) == (403, "FORBIDDEN")
                assert (await users.call(method, existing, body)).code == "UNAUTHENTICATED"
            nobody = await users.call(method, "/users/nobody/profile", body, token=users.admin)
            assert (nobody.status, nobody.code) == (404, "USER_NOT_FOUND")
        changed = await users.call("PUT", path(customer), {"name": "新"}, token=users.admin)
        assert (changed.status, changed.json["name"]) == (200, "新")

    run(story())


@pytest.mark.parametrize(
    ("headers", "raw", "status", "code"),
    [
        ({"content-type": "text/plain"}, b'{"name": "x"}', 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({}, b'{"name": ', 400, "MALFORMED_REQUEST"),
        ({}, b'{"name": "\\ud800"}', 400, "MALFORMED_REQUEST"),
        ({}, b'{"name": "' + b"x" * 262_144 + b'"}', 413, "PAYLOAD_TOO_LARGE"),
        ({"authorization": "Bearer x"}, b"{", 401, "UNAUTHENTICATED"),
    ],
)
def test_the_checks_come_in_the_contracts_order(run, users, customer, headers, raw, status, code):
    headers = {"authorization": f"Bearer {customer.token}"} | headers
    answer = run(users.call("PUT", path(customer), raw, headers=headers))
    assert (answer.status, answer.code) == (status, code)
