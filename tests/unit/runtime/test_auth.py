"""Access tokens under attack: whatever is not a live access token of our pool and client is 401, and costs little."""

import asyncio
import base64
import hashlib
import hmac
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from shop.kernel.errors import DependencyUnavailable, Problem, Unauthenticated
from shop.runtime import auth
from shop.runtime.auth import Tokens, TokenSettings
from shop.runtime.wire import Client, ConnectFailed, Response

ISSUER = "https://cognito-idp.ap-northeast-1.amazonaws.com/ap-northeast-1_shop"
DAY = 86_400  # seconds; the suite may reach a test long after it was collected
SETTINGS = TokenSettings(token_issuer=ISSUER, user_pool_client_id="web", jwks_url="http://keys/jwks.json")
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwk(key, kid):
    return json.loads(RSAAlgorithm.to_jwk(key.public_key())) | {"kid": kid, "use": "sig", "alg": "RS256"}


class Pool(Client):
    """The user pool's key set: what it answers, and how often it was asked."""

    def __init__(self, *keys, **answer):
        super().__init__()
        self.body, self.asked, self.status, self.down = json.dumps({"keys": keys, **answer}).encode(), 0, 200, False

    async def request(self, *_args, **_kwargs):
        self.asked += 1
        await asyncio.sleep(0.01)
        if self.down:
            raise ConnectFailed("nobody there")
        return Response(self.status, {}, self.body)


@pytest.fixture
def pool():
    return Pool(jwk(KEY, "k1"))


@pytest.fixture
def clock(monkeypatch):
    """The clock between two fetches, to be turned by hand."""
    hands = [1000.0]
    monkeypatch.setattr(auth, "monotonic", lambda: hands[0])
    return hands


def claims(**changes):
    now = int(time.time())
    usual = {
        "sub": "u-1",
        "iss": ISSUER,
        "client_id": "web",
        "token_use": "access",
        "cognito:groups": ["customer", "admin"],
        "iat": now,
        "exp": now + 900,
        "origin_jti": "s-1",
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


def signed(key=KEY, kid="k1", **changes):
    payload = json.dumps(claims(**changes)).encode()  # as it stands: jwt.encode would mind what we try
    return jwt.api_jws.encode(payload, key, algorithm="RS256", headers={"kid": kid})


def part(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unsigned(header, body=None, signature=""):
    return f"{part(header)}.{part(body or claims())}.{signature}"


def hmac_with_the_public_key(form):
    """The classic: HS256, with what everybody can read as the secret."""
    secret = KEY.public_key().public_bytes(Encoding.PEM, form)
    head = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'k1'})}.{part(claims())}"
    return f"{head}.{part(hmac.new(secret, head.encode(), hashlib.sha256).digest())}"


def tampered(**changes):
    """A good token whose claims were exchanged."""
    head, _, signature = signed().split(".")
    return f"{head}.{part(claims(**changes))}.{signature}"


def refused(pool, token):
    with pytest.raises(Unauthenticated):
        asyncio.run(Tokens(SETTINGS, pool).verify(token))


def test_a_good_token_says_who_asks(pool):
    token = signed()
    caller = asyncio.run(Tokens(SETTINGS, pool).verify(token))
    assert (caller.user_id, caller.groups, caller.token_session) == ("u-1", frozenset({"customer", "admin"}), "s-1")
    assert caller.token == token
    assert caller.is_admin


def test_a_token_without_groups_is_nobody_special(pool):
    caller = asyncio.run(Tokens(SETTINGS, pool).verify(signed(**{"cognito:groups": None})))
    assert not caller.groups


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(unsigned({"alg": "none"}), id="alg none"),
        pytest.param(unsigned({"alg": "None", "kid": "k1"}), id="alg None"),
        pytest.param(unsigned({"alg": "nOnE", "kid": "k1", "typ": "JWT"}, signature="AA"), id="alg nOnE, signed"),
        pytest.param(hmac_with_the_public_key(PublicFormat.SubjectPublicKeyInfo), id="HS256 with the public key"),
        pytest.param(hmac_with_the_public_key(PublicFormat.PKCS1), id="HS256 with the public key, PKCS1"),
        pytest.param(
            jwt.encode(claims(), KEY, algorithm="RS512", headers={"kid": "k1"}), id="an algorithm that is not ours"
        ),
        pytest.param(
            jwt.encode(claims(), ec.generate_private_key(ec.SECP256R1()), algorithm="ES256", headers={"kid": "k1"}),
            id="a key of another kind",
        ),
        pytest.param(signed(OTHER), id="a stranger's key under our key's id"),
        pytest.param(
            jwt.encode(claims(), OTHER, algorithm="RS256", headers={"kid": "k1", "jwk": jwk(OTHER, "k1")}),
            id="brings its own key",
        ),
        pytest.param(
            jwt.encode(claims(), OTHER, algorithm="RS256", headers={"kid": "k1", "jku": "http://evil/jwks.json"}),
            id="says where its key is",
        ),
        pytest.param(
            jwt.encode(claims(), KEY, algorithm="RS256", headers={"kid": "k1", "crit": ["b64"], "b64": False}),
            id="critical extensions",
        ),
        pytest.param(tampered(**{"cognito:groups": ["admin"]}), id="groups exchanged"),
        pytest.param(tampered(sub="u-2"), id="subject exchanged"),
        pytest.param(signed().rpartition(".")[0] + ".", id="signature cut off"),
        pytest.param(signed()[:-8] + "AAAAAAAA", id="signature bent"),
    ],
)
def test_forged(pool, token):
    refused(pool, token)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"token_use": "id", "aud": "web", "client_id": None}, id="id token"),
        pytest.param({"token_use": "id"}, id="id token with a client"),
        pytest.param({"token_use": None}, id="use not told"),
        pytest.param({"client_id": "mobile"}, id="another client"),
        pytest.param({"client_id": None}, id="no client"),
        pytest.param({"client_id": ["web"]}, id="a list of clients"),
        pytest.param({"iss": ISSUER + "2"}, id="another pool"),
        pytest.param({"iss": None}, id="no issuer"),
        pytest.param({"iss": [ISSUER]}, id="a list of issuers"),
        pytest.param({"sub": None}, id="nobody"),
        pytest.param({"sub": 7}, id="a number as subject"),
        pytest.param({"sub": ""}, id="an empty subject"),
        pytest.param({"exp": None}, id="lives for ever"),
        pytest.param({"exp": int(time.time()) - 1}, id="expired"),
        pytest.param({"exp": "soon"}, id="no time"),
        pytest.param({"exp": float("inf")}, id="infinity"),
        pytest.param({"nbf": int(time.time()) + DAY}, id="not yet"),
        pytest.param({"iat": int(time.time()) + DAY}, id="of the future"),
        pytest.param({"cognito:groups": "admin"}, id="groups that are no list"),
        pytest.param({"cognito:groups": [["admin"]]}, id="groups of groups"),
    ],
)
def test_signed_by_the_pool_but_no_access_token_of_ours(pool, changes):
    refused(pool, signed(**changes))


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "Bearer",
        "null",
        "あ.い.う",
        "\x00",
        "é" * 100,
        "=.=.=",
        f"{part(b'[]')}.{part(b'[]')}.x",
        f"{part(b'null')}.{part(b'null')}.x",
        f"{part(b'{')}.{part(b'}')}.x",
        f"{part(b'[' * 2000 + b']' * 2000)}.x.x",
        unsigned({"alg": "RS256"}),
        unsigned({"alg": "RS256", "kid": None}),
        unsigned({"alg": "RS256", "kid": 1}),
        unsigned({"alg": "RS256", "kid": ["k1"]}),
        unsigned({"alg": "RS256", "kid": {"k1": 1}}),
        unsigned({"alg": "RS256", "kid": True}),
        unsigned({"alg": ["RS256"], "kid": "k1"}),
        unsigned({"alg": {}, "kid": "k1"}),
        unsigned({"kid": "k1"}),
        signed() + "." + signed(),
    ],
    ids=lambda token: repr(token[:16]),
)
def test_garbage(pool, token):
    refused(pool, token)


def test_an_oversize_token_is_refused_unread(pool):
    refused(pool, signed(extra="x" * 20_000))
    assert pool.asked == 0


def test_what_can_never_be_good_does_not_ask_for_keys(pool):
    for token in ("garbage", unsigned({"alg": "none", "kid": "x"}), hmac_with_the_public_key(PublicFormat.PKCS1)):
        refused(pool, token)
    assert pool.asked == 0


def test_the_keys_are_fetched_once_for_all_who_wait(pool):
    async def main():
        tokens = Tokens(SETTINGS, pool)
        callers = await asyncio.gather(*(tokens.verify(signed(sub=f"u-{number}")) for number in range(20)))
        await tokens.verify(signed(sub="later"))
        return {caller.user_id for caller in callers}

    assert len(asyncio.run(main())) == 20
    assert pool.asked == 1


def test_one_who_gives_up_waiting_does_not_spoil_it_for_the_others(pool):
    async def main():
        tokens = Tokens(SETTINGS, pool)
        impatient = asyncio.create_task(tokens.verify(signed()))
        patient = asyncio.create_task(tokens.verify(signed(sub="u-2")))
        await asyncio.sleep(0.001)
        impatient.cancel()
        return (await patient).user_id

    assert asyncio.run(main()) == "u-2"
    assert pool.asked == 1


def test_an_unknown_key_id_asks_again_at_most_every_ten_seconds(pool, clock):
    async def main():
        tokens = Tokens(SETTINGS, pool)
        asked = []
        for step in (0, 0, 5, 4.9, 0.2, 1):
            clock[0] += step
            with pytest.raises(Unauthenticated):
                await tokens.verify(signed(kid="k2"))
            asked.append(pool.asked)
        return asked

    assert asyncio.run(main()) == [1, 1, 1, 1, 2, 2]


def test_a_flood_of_unknown_key_ids_asks_once(pool, clock):
    async def main():
        tokens = Tokens(SETTINGS, pool)
        await tokens.verify(signed())
        clock[0] += 60
        many = (tokens.verify(signed(kid=f"x{number}")) for number in range(50))
        assert {type(each) for each in await asyncio.gather(*many, return_exceptions=True)} == {Unauthenticated}

    asyncio.run(main())
    assert pool.asked == 2


def test_a_new_key_is_found_and_the_retired_one_forgotten(pool, clock):
    async def main():
        tokens = Tokens(SETTINGS, pool)
        await tokens.verify(signed())
        pool.body = json.dumps({"keys": [jwk(OTHER, "k2")]}).encode()
        clock[0] += 11
        assert (await tokens.verify(signed(OTHER, "k2"))).user_id == "u-1"
        with pytest.raises(Unauthenticated):
            await tokens.verify(signed(sub="u-3"))

    asyncio.run(main())


def test_known_keys_go_on_while_the_key_set_cannot_be_reached(pool, clock):
    async def main():
        tokens = Tokens(SETTINGS, pool)
        await tokens.verify(signed())
        pool.down = True
        clock[0] += 60
        assert (await tokens.verify(signed(sub="u-2"))).user_id == "u-2"
        with pytest.raises(Unauthenticated):
            await tokens.verify(signed(kid="k9"))

    asyncio.run(main())


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"{}"),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b'{"keys": 1}'),
        (200, b'{"keys": [1, null]}'),
        (200, b'{"keys": []}'),
        (200, b'{"keys": [{"kty": "RSA"}]}'),
        (200, b'{"keys": [{"kty": "RSA", "kid": "k1", "n": "!", "e": "AQAB"}]}'),
        (200, b'{"keys": [{"kty": "RSA", "kid": ["k1"], "n": "AQAB", "e": "AQAB"}]}'),
    ],
)
def test_without_any_key_it_is_503_until_there_is_one(pool, status, body):
    async def main():
        tokens = Tokens(SETTINGS, pool)
        good, pool.status, pool.body = pool.body, status, body
        for _ in range(2):
            with pytest.raises(DependencyUnavailable):
                await tokens.verify(signed())
        pool.status, pool.body = 200, good
        assert (await tokens.verify(signed())).user_id == "u-1"

    asyncio.run(main())


def test_an_unreachable_key_set_is_503_for_all_who_wait(pool):
    async def main():
        pool.down = True
        tokens = Tokens(SETTINGS, pool)
        many = (tokens.verify(signed(sub=f"u-{number}")) for number in range(5))
        return await asyncio.gather(*many, return_exceptions=True)

    assert all(isinstance(each, Problem) and each.status == 503 for each in asyncio.run(main()))
    assert pool.asked == 1


def test_keys_of_other_kinds_and_broken_ones_do_not_hide_the_good_one():
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    curve = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(public)) | {"kid": "ec"}
    strange = [curve, {"kty": "oct", "kid": "k1", "k": "c2VjcmV0"}, {"kty": "RSA", "kid": "broken", "n": "", "e": ""}]
    pool = Pool(*strange, jwk(KEY, "k1"), jwk(OTHER, "enc") | {"use": "enc"}, comment="of no meaning")

    async def main():
        tokens = Tokens(SETTINGS, pool)
        assert (await tokens.verify(signed())).user_id == "u-1"
        for token in (signed(OTHER, "enc"), signed(kid="ec"), signed(kid="broken")):
            with pytest.raises(Unauthenticated):
                await tokens.verify(token)

    asyncio.run(main())


def test_a_token_found_good_once_is_refused_when_its_time_is_over(pool, monkeypatch):
    async def main():
        tokens = Tokens(SETTINGS, pool)
        token = signed(exp=int(time.time()) + 30)
        assert (await tokens.verify(token)).user_id == "u-1"
        assert (await tokens.verify(token)).user_id == "u-1"
        monkeypatch.setattr(auth, "time", lambda: time.time() + 31)
        expiry = jwt.api_jwt.PyJWT._validate_exp
        monkeypatch.setattr(
            jwt.api_jwt.PyJWT,
            "_validate_exp",
            lambda self, payload, now, leeway: expiry(self, payload, now + 31, leeway),
        )
        with pytest.raises(Unauthenticated):
            await tokens.verify(token)

    asyncio.run(main())


def test_what_is_kept_of_tokens_is_bounded(pool, monkeypatch):
    monkeypatch.setattr(auth, "KEPT", 3)

    async def main():
        tokens = Tokens(SETTINGS, pool)
        for number in range(10):
            await tokens.verify(signed(sub=f"u-{number}"))
        return len(tokens._good)

    assert asyncio.run(main()) <= 3
