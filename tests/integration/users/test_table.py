"""The table's design: what it costs to ask it, what may stand in it, and that its page in the docs is true."""

from pathlib import Path
from uuid import uuid4

import pytest
from tests.integration.users.conftest import PASSWORD, an_address, every_aws_call

from shop.runtime.dynamo import Item
from shop.users import store
from shop.users.routes import routes

PAGE = Path(__file__).parents[3] / "docs" / "users-table.md"
CHEAP = {"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "TransactWriteItems", "BatchWriteItem"}


class Journey:
    """Calls every route of the service as its owner or an admin, and keeps what was asked of AWS meanwhile."""

    def __init__(self, users):
        self.users = users
        self.operations = set()
        self.called = set()
        self.secrets = []

    async def step(self, method, path, body=None, **more):
        template = "/".join("{}" if part.count("-") == 4 else part for part in path.split("/"))
        self.called.add((method, template))
        answer = await self.users.call(method, path, body, **more)
        assert answer.status < 300, (method, path, answer.body)
        return answer.json if answer.body else None

    async def go(self, email):
        registration = {"email": email, "password": PASSWORD, "name": "秘密 花子"}
        user_id = (await self.step("POST", "/users", registration))["id"]
        await self.step("POST", "/users/confirm/resend", {"email": email})
        code = self.users.code(email)
        await self.step("POST", "/users/confirm", {"email": email, "code": code})
        login = await self.step("POST", "/auth/login", {"email": email, "password": PASSWORD})
        other = await self.step("POST", "/auth/login", {"email": email, "password": PASSWORD})
        await self.step("POST", "/auth/refresh", {"refreshToken": login["refreshToken"]})
        token, me = login["accessToken"], f"/users/{user_id}"
        await self.step("GET", f"{me}/profile", token=token)
        await self.step("PUT", f"{me}/profile", {"name": "秘密 太郎"}, token=token)
        await self.step("GET", f"{me}/addresses", token=token)
        address = (await self.step("POST", f"{me}/addresses", an_address(), token=token))["id"]
        await self.step("PUT", f"{me}/addresses/{address}", an_address(), token=token)
        await self.step("DELETE", f"{me}/addresses/{address}", token=token)
        await self.step("GET", f"{me}/sessions", token=token)
        await self.step("DELETE", f"{me}/sessions/{other['sessionId']}", token=token)
        await self.step("PUT", f"{me}/roles", {"groups": ["operator"]}, token=self.users.admin)
        await self.step("GET", f"{me}/roles", token=self.users.admin)
        await self.step("POST", "/auth/logout", {"refreshToken": login["refreshToken"]}, token=token)
        await self.step("POST", "/auth/password/forgot", {"email": email})
        reset = self.users.code(email)
        await self.step("POST", "/auth/password/reset", {"email": email, "code": reset, "password": "Another-2026"})
        return [PASSWORD, "Another-2026", code, reset, login["refreshToken"], other["refreshToken"], token]


@pytest.fixture(scope="module")
def journey(run, users):
    journey = Journey(users)
    with every_aws_call(journey.operations.add):
        journey.secrets = run(journey.go(f"himitsu.{uuid4().hex[:8]}@example.jp"))
        run(users.sweep())
    return journey


def test_no_request_and_no_sweep_scans_the_table(journey):
    templates = {(route.method, route.path) for route in routes.all}
    assert journey.called == {
        (method, "/".join("{}" if part.startswith("{") else part for part in path.split("/")))
        for method, path in templates
    }
    of_other_services = {"SendEmail", "RevokeToken", "SignUp", "ListUsersInGroup", "PutEvents"}
    assert {each for each in journey.operations if not each.startswith("Admin")} - of_other_services <= CHEAP


@pytest.fixture(scope="module")
def items(run, users, journey):
    """All items of the table: only a test may read them so."""
    answer = run(users.deps.table.aws.call("dynamodb", "Scan", TableName=users.deps.table.name))
    return answer["Items"]


def test_nobody_who_reads_the_table_can_sign_in_or_use_a_code(items, journey):
    written = str(items)
    assert not [secret for secret in journey.secrets if f"'{secret}'" in written]


def test_no_key_names_a_person(items, journey):
    keys = {item[name]["S"] for item in items for name in ("pk", "sk", "gsi1pk", "gsi1sk") if name in item}
    assert not [key for key in keys if "@" in key]


def kinds_of(items: list[Item]) -> set[tuple[str, str]]:
    """Keys as the docs write them: what stands before the first `#`, and the sort key likewise."""
    return {(item["pk"]["S"].partition("#")[0], item["sk"]["S"].partition("#")[0]) for item in items}


def test_every_kind_of_item_and_every_access_stands_in_the_docs(items):
    page = PAGE.read_text("utf-8")
    for partition, sort in kinds_of(items):
        assert f"`{partition}#" in page, partition
        assert f"`{sort}" in page, sort
    for name in store.__all__:
        if name[0].islower():
            assert f"`{name}`" in page, f"{name} is an access that {PAGE.name} does not show"
