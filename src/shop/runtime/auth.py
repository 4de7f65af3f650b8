"""Access tokens: RS256 JWTs of the Cognito user pool, checked by every service against the pool's key set."""

import asyncio
from collections.abc import Mapping
from time import monotonic, time
from typing import Any

import jwt
import msgspec
from jwt.algorithms import RSAAlgorithm

from shop.kernel.errors import DependencyUnavailable, Unauthenticated
from shop.runtime.http.who import Caller
from shop.runtime.wire import Client, WireError

__all__ = ["TokenSettings", "Tokens"]

FETCH_TIMEOUT = 1.0  # seconds
REFETCH_AFTER = 10.0  # seconds between fetches for key ids that are not known
KEPT = 2_000  # checked tokens: a signature costs 50 us, and a client comes again


class TokenSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Whose tokens are believed. `jwks_url` stands alone: an emulator serves it elsewhere than at the issuer."""

    token_issuer: str
    user_pool_client_id: str
    jwks_url: str


class Tokens:
    """Checks access tokens; keeps the key set, and what was found good until it expires."""

    def __init__(self, settings: TokenSettings, client: Client) -> None:
        self._settings, self._client = settings, client
        self._keys: dict[str, Any] = {}
        self._fetched = -REFETCH_AFTER
        self._fetching: asyncio.Task[None] | None = None
        self._good: dict[str, tuple[float, Caller]] = {}

    async def verify(self, token: str) -> Caller:
        """Who holds this token. Unauthenticated: for whatever reason. DependencyUnavailable: no key to check with."""
        kept = self._good.get(token)
        if kept is not None and kept[0] > time():
            return kept[1]
        try:
            key = await self._key(str(jwt.get_unverified_header(token).get("kid", "")))
            claims = jwt.decode(
                token,
                key,
                algorithms=["RS256"],  # nothing else, whatever the header says
                issuer=self._settings.token_issuer,
                options={"require": ["exp", "iss", "sub"], "verify_aud": False},  # access tokens have no `aud`
            )
        except (jwt.InvalidTokenError, ValueError) as error:
            raise Unauthenticated from error
        if claims.get("token_use") != "access" or claims.get("client_id") != self._settings.user_pool_client_id:
            raise Unauthenticated
        caller = caller_of(token, claims)
        if len(self._good) >= KEPT:
            self._good.clear()
        self._good[token] = (float(claims["exp"]), caller)
        return caller

    async def _key(self, kid: str) -> Any:
        """The public key of this id; a fetch first when it is not known, shared by all who wait for one."""
        if kid not in self._keys and (not self._keys or monotonic() - self._fetched >= REFETCH_AFTER):
            if self._fetching is None or self._fetching.done():
                self._fetching = asyncio.create_task(self._fetch())
            await asyncio.shield(self._fetching)
        if kid not in self._keys:
            raise Unauthenticated
        return self._keys[kid]

    async def _fetch(self) -> None:
        try:
            response = await self._client.request("GET", self._settings.jwks_url, timeout=FETCH_TIMEOUT)
            keys = read_keys(response.body) if response.status == 200 else {}
        except (WireError, ValueError):
            keys = {}
        self._fetched = monotonic()
        if keys:
            self._keys = keys
        elif not self._keys:
            raise DependencyUnavailable("The keys that tokens are checked with cannot be reached.")


def read_keys(body: bytes) -> dict[str, Any]:
    """The RSA signing keys of a JWKS by their ids. ValueError when it is none."""
    try:
        keys = msgspec.json.decode(body)["keys"]
        return {key["kid"]: RSAAlgorithm.from_jwk(key) for key in keys if key.get("kty") == "RSA"}
    except (msgspec.DecodeError, KeyError, TypeError, jwt.InvalidKeyError) as error:
        raise ValueError("not a key set") from error


def caller_of(token: str, claims: Mapping[str, Any]) -> Caller:
    """What the claims say."""
    return Caller(
        user_id=claims["sub"],
        groups=frozenset(claims.get("cognito:groups", ())),
        token=token,
        token_session=claims.get("origin_jti"),
    )
