"""Access tokens: RS256 JWTs of the Cognito user pool, checked by every service against the pool's key set."""

import asyncio
from time import monotonic, time
from typing import Annotated, Any, Literal

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
LONGEST = 8_192  # characters; Cognito's have about 1,000
ALGORITHM = "RS256"  # nothing else, whatever a token's header says


class TokenSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Whose tokens are believed. `jwks_url` stands alone: an emulator serves it elsewhere than at the issuer."""

    token_issuer: str
    user_pool_client_id: str
    jwks_url: str


class Claims(msgspec.Struct, frozen=True):
    """What an access token says, beside what PyJWT checks itself: signature, issuer and times."""

    sub: Annotated[str, msgspec.Meta(min_length=1)]
    client_id: str
    token_use: Literal["access"]
    exp: float
    groups: frozenset[str] = msgspec.field(default=frozenset(), name="cognito:groups")
    origin_jti: str | None = None


class KeySet(msgspec.Struct, frozen=True):
    """A JWKS."""

    keys: list[Any]


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
            claims = await self._claims(token)
        except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
            raise Unauthenticated from error
        if claims.client_id != self._settings.user_pool_client_id:
            raise Unauthenticated
        caller = Caller(user_id=claims.sub, groups=claims.groups, token=token, token_session=claims.origin_jti)
        if len(self._good) >= KEPT:
            self._good.clear()
        self._good[token] = (claims.exp, caller)
        return caller

    async def _claims(self, token: str) -> Claims:
        """What a token says, once its signature is found to be the pool's. InvalidTokenError, ValueError: it is not."""
        if len(token) > LONGEST:
            raise ValueError("too long to be a token")
        header = jwt.get_unverified_header(token)
        if header.get("alg") != ALGORITHM:
            raise ValueError("not signed as the pool signs")  # before a key is asked for
        claims = jwt.decode(
            token,
            await self._key(header.get("kid", "")),
            algorithms=[ALGORITHM],
            issuer=self._settings.token_issuer,
            options={"require": ["exp", "iss", "sub"], "verify_aud": False},  # access tokens have no `aud`
        )
        return msgspec.convert(claims, Claims)

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
    """The RSA signing keys of a JWKS by their ids; what else is in it is none of ours. ValueError when it is none."""
    keys = msgspec.json.decode(body, type=KeySet).keys
    return {key["kid"]: made for key in keys if is_ours(key) and (made := public_key(key)) is not None}


def is_ours(key: Any) -> bool:
    """Whether it claims to be a key for signatures of our kind."""
    if not isinstance(key, dict) or not isinstance(key.get("kid"), str):
        return False
    return key.get("kty") == "RSA" and key.get("use", "sig") == "sig" and key.get("alg", ALGORITHM) == ALGORITHM


def public_key(key: dict[str, Any]) -> Any:
    """A key as cryptography has it; None when it is broken, so that it does not take the others along."""
    try:
        return RSAAlgorithm.from_jwk(key)
    except (jwt.InvalidKeyError, ValueError, TypeError):
        return None
