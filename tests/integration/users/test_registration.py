"""Two steps to an account: registration mails a code, the code confirms it."""


def test_a_registration_is_confirmed_by_the_mailed_code_and_announced(run, users):
    async def story():
        who = await users.register("Hanako.Yamada@example.jp", name="山田 花子")
        answer = await users.call("POST", "/users/confirm", {"email": who.email, "code": users.code(who.email)})
        assert (answer.status, answer.json) == (200, {"id": who.id, "status": "CONFIRMED"})
        (fact,) = await users.announced(who.id)
        assert fact["metadata"]["type"] == "UserConfirmed"
        assert fact["data"] == {"userId": who.id, "email": who.email, "name": "山田 花子", "locale": "ja"}

    run(story())
