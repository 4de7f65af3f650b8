"""Roles: only admins give them, nobody to himself, and the last admin stays."""

import pytest
from tests.integration.users.conftest import at_once
from tests.integration.users.test_login import claims

from shop.users.roles import LOCK


async def give(users, who, *groups, token=None):
    body = {"groups": list(groups)}
    return await users.call("PUT", f"/users/{who.id}/roles", body, token=token or users.admin)


async def roles(users, who):
    answer = await users.call("GET", f"/users/{who.id}/roles", token=users.admin)
    assert answer.status == 200, answer.body
    return answer.json["groups"]


@pytest.fixture
def customer(run, users):
    return run(users.customer())


@pytest.fixture
def chief(run, users):
    """An admin who stays, so that others may go."""

    async def appointed():
        who = await users.customer()
        assert (await give(users, who, "admin")).status == 200
        return await users.sign_in(who)

    chief = run(appointed())
    yield chief
    pool = {"UserPoolId": users.account.provisioned.user_pool_id, "Username": chief.id, "GroupName": "admin"}
    run(users.deps.table.aws.call("cognito-idp", "AdminRemoveUserFromGroup", **pool))


def test_everybody_is_a_customer_and_nothing_else_at_first(run, users, customer):
    assert run(roles(users, customer)) == ["customer"]
    assert claims(customer.token)["cognito:groups"] == ["customer"]


def test_roles_apply_from_the_next_token_on(run, users, customer):
    async def story():
        answer = await give(users, customer, "operator")
        assert (answer.status, answer.json) == (200, {"groups": ["customer", "operator"]})
        assert await roles(users, customer) == ["customer", "operator"]
        assert claims(customer.token)["cognito:groups"] == ["customer"]
        refreshed = (await users.refresh(customer)).json["accessToken"]
        assert set(claims(refreshed)["cognito:groups"]) == {"customer", "operator"}
        assert (await give(users, customer)).json == {"groups": ["customer"]}
        assert await roles(users, customer) == ["customer"]
        refreshed = (await users.refresh(customer)).json["accessToken"]
        assert claims(refreshed)["cognito:groups"] == ["customer"]

    run(story())


def test_only_an_admin_sees_and_changes_roles_not_even_ones_own(run, users, customer):
    async def story():
        await give(users, customer, "operator")
        operator = await users.sign_in(customer)
        other = await users.customer()
        for whose in (operator, other):
            for token in (operator.token, other.token):
                for method, body in (("GET", None), ("PUT", {"groups": ["admin"]})):
                    answer = await users.call(method, f"/users/{whose.id}/roles", body, token=token)
                    assert (answer.status, answer.code) == (403, "FORBIDDEN")
        assert (await users.call("GET", f"/users/{other.id}/roles")).code == "UNAUTHENTICATED"
        assert await roles(users, other) == ["customer"]

    run(story())


@pytest.mark.parametrize(
    "body", [{}, {"groups": None}, {"groups": "admin"}, {"groups": ["root"]}, {"groups": [1]}, {"groups": [], "x": 1}]
)
def test_what_roles_cannot_be_is_422(run, users, customer, body):
    answer = run(users.call("PUT", f"/users/{customer.id}/roles", body, token=users.admin))
    assert (answer.status, answer.code) == (422, "VALIDATION_FAILED")


def test_the_roles_of_nobody_are_404(run, users):
    for method, body in (("GET", None), ("PUT", {"groups": ["admin"]})):
        answer = run(users.call(method, "/users/nobody/roles", body, token=users.admin))
        assert (answer.status, answer.code) == (404, "USER_NOT_FOUND")


def test_the_last_admin_stays_until_there_is_another_who_can_sign_in(run, users, chief, customer):
    async def story():
        refused = await give(users, chief, "operator")
        assert (refused.status, refused.code) == (409, "LAST_ADMIN")
        assert await roles(users, chief) == ["customer", "admin"]
        unconfirmed = await users.register()
        assert (await give(users, unconfirmed, "admin")).status == 200
        assert (await give(users, chief)).code == "LAST_ADMIN"
        assert (await give(users, customer, "admin")).status == 200
        assert (await give(users, chief, "operator", token=chief.token)).json == {"groups": ["customer", "operator"]}
        assert (await give(users, customer)).code == "LAST_ADMIN"
        assert (await give(users, chief, "admin")).status == 200
        for who in (unconfirmed, customer):
            assert (await give(users, who)).status == 200

    run(story())


def test_two_admins_who_dismiss_each_other_at_once_leave_one(run, users, chief):
    async def story():
        rivals = [chief, await users.customer(), await users.customer()]
        for who in rivals:
            assert (await give(users, who, "admin")).status == 200
        for _ in range(3):
            answers = await at_once(3, lambda index: give(users, rivals[index]))
            assert sorted((answer.status, answer.code if answer.status > 200 else "") for answer in answers) == [
                (200, ""), (200, ""), (409, "LAST_ADMIN"),
            ]  # fmt: skip
            admins = [who for who in rivals if "admin" in await roles(users, who)]
            assert len(admins) == 1
            for who in rivals:
                assert (await give(users, who, "admin")).status == 200
        for who in rivals[1:]:
            await give(users, who)

    run(story())


def test_who_died_while_changing_roles_blocks_nobody_for_long(run, users, customer, monkeypatch):
    monkeypatch.setattr("shop.users.roles.ATTEMPTS", 3)

    async def story():
        table = users.deps.table
        dead = {"pk": LOCK[0], "sk": LOCK[1], "holder": "dead"}
        await table.write(table.put(dead | {"heldUntil": "2999-01-01T00:00:00.000Z"}))
        answer = await give(users, customer, "operator")
        assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "DEPENDENCY_UNAVAILABLE", "1")
        assert await roles(users, customer) == ["customer"]
        await table.write(table.put(dead | {"heldUntil": "2026-01-01T00:00:00.000Z"}))
        assert (await give(users, customer, "operator")).status == 200

    run(story())
