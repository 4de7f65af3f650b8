"""HTTP in: registration, sessions, profile, addresses, roles."""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

import msgspec

from shop.contracts.shapes import Shape
from shop.kernel.errors import Forbidden, RateLimited, Unauthenticated
from shop.kernel.ids import new_id
from shop.runtime.http import (
    ADMIN,
    CUSTOMER,
    OWNER,
    Answer,
    Body,
    Caller,
    Language,
    Page,
    PageRequest,
    Routes,
    Version,
    etag,
)
from shop.users import accounts, profiles, roles, sessions, store
from shop.users.cognito import Tokens
from shop.users.model import (
    Address,
    AddressLimit,
    AddressNotFound,
    AlreadyConfirmed,
    CodeExpired,
    CodeInvalid,
    CredentialsInvalid,
    EmailTaken,
    Group,
    LastAdmin,
    Locale,
    Prefecture,
    Profile,
    Session,
    SessionNotFound,
    UserNotConfirmed,
    UserNotFound,
)
from shop.users.parts import Users

__all__ = ["routes"]

routes = Routes("users")
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Line = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"\S")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\S")]
# A `$` alone would take a line break after it; `\Z`, which does not, is unknown to JSON Schema's patterns.
Phone = Annotated[str, msgspec.Meta(max_length=100, pattern=r"^\+?[0-9(][0-9 ()-]{3,28}[0-9](?!\n)$")]
PostalCode = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{3}-[0-9]{4}(?!\n)$")]
Token = Annotated[str, msgspec.Meta(min_length=1, max_length=10_000)]


V = TypeVar("V", Profile, Address)
PRIVATE = {"Cache-Control": "private, no-cache"}


class NewUser(Body):
    """A registration."""

    email: Text
    password: Text
    name: Name
    locale: Locale | None = None


class RegisteredUser(Shape):
    """An account that has to be confirmed."""

    id: str
    email: str
    name: str
    status: str = "UNCONFIRMED"


class Confirmation(Body):
    """The code that was mailed."""

    email: Text
    code: Text


class ConfirmedUser(Shape):
    """An account that can be used."""

    id: str
    status: str = "CONFIRMED"


class MailAddress(Body):
    """Whose account it is about."""

    email: Text


class Credentials(Body):
    """Who says to be whom."""

    email: Text
    password: Text


class RefreshToken(Body):
    """The refresh token of a session."""

    refresh_token: Token


class NewPassword(Body):
    """A new password, with the code that was mailed."""

    email: Text
    code: Text
    password: Text


class SignedIn(Shape):
    """The tokens of a session. `sessionId` stays the same from login to logout."""

    access_token: str
    id_token: str
    refresh_token: str
    expires_in: int
    user_id: str
    session_id: str
    token_type: str = "Bearer"  # noqa: S105 - no secret


class NewProfile(Body):
    """What a user may say about himself."""

    name: Name
    phone: Phone | None = None
    locale: Locale = "ja"
    marketing_opt_in: bool = False


class NewAddress(Body):
    """A delivery address."""

    recipient: Line
    postal_code: PostalCode
    prefecture: Prefecture
    city: Line
    line1: Line
    label: Annotated[str, msgspec.Meta(max_length=100)] = ""
    line2: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    country: Literal["JP"] = "JP"
    phone: Phone | None = None
    is_default: bool = False

    def as_address(self, address_id: str) -> Address:
        """With its id."""
        return msgspec.convert(msgspec.to_builtins(self) | {"id": address_id}, Address)


class Addresses(Shape):
    """An address book, oldest first."""

    items: list[Address]


class Roles(Body):
    """The groups somebody is in."""

    groups: list[Group]


class RolesNow(Shape):
    """The groups somebody is in, from the next token on."""

    groups: list[str]


@routes.post("/users", raises=[EmailTaken])
async def post_user(users: Users, body: NewUser, language: Language) -> Answer[RegisteredUser]:
    """Register; a code to confirm the mail address goes out."""
    profile = await accounts.register(users, body.email, body.password, body.name, body.locale or language)
    registered = RegisteredUser(id=profile.id, email=profile.email, name=profile.name)
    return Answer(registered, headers={"Location": f"/users/{profile.id}/profile"})


@routes.post("/users/confirm", status=200, raises=[CodeInvalid, CodeExpired, AlreadyConfirmed])
async def confirm_user(users: Users, body: Confirmation) -> ConfirmedUser:
    """Confirm a registration by the mailed code."""
    return ConfirmedUser(id=await accounts.confirm(users, body.email, body.code))


@routes.post("/users/confirm/resend", status=202, raises=[RateLimited])
async def resend_code(users: Users, body: MailAddress) -> None:
    """Mail a new code; the answer is the same whether there is such a registration or not."""
    await accounts.resend(users, body.email)


@routes.post("/auth/login", status=200, raises=[CredentialsInvalid, UserNotConfirmed, RateLimited])
async def login(users: Users, caller: Caller, body: Credentials) -> Answer[SignedIn]:
    """Sign in. Five wrong passwords for one account within 15 minutes, and it has to wait."""
    tokens = await sessions.login(users, body.email, body.password, caller.client_address)
    return signed_in(tokens, tokens.refresh_token or "")


@routes.post("/auth/refresh", status=200, raises=[Unauthenticated])
async def refresh(users: Users, body: RefreshToken) -> Answer[SignedIn]:
    """A new access token, with the roles of now."""
    return signed_in(await sessions.refresh(users, body.refresh_token), body.refresh_token)


@routes.post("/auth/logout", who=CUSTOMER, status=204, raises=[Forbidden])
async def logout(users: Users, caller: Caller, body: RefreshToken) -> None:
    """End a session: its refresh token is dead. Its access token lives on until it expires, as such tokens do."""
    await sessions.logout(users, caller.user_id or "", body.refresh_token)


@routes.post("/auth/password/forgot", status=202)
async def forgot_password(users: Users, body: MailAddress) -> None:
    """Mail a code to set a new password, at most five in 15 minutes; the answer is always the same."""
    await accounts.forgot_password(users, body.email)


@routes.post("/auth/password/reset", status=200, raises=[CodeInvalid, CodeExpired])
async def reset_password(users: Users, body: NewPassword) -> Answer[None]:
    """Set a new password by the mailed code, and end every session."""
    await accounts.reset_password(users, body.email, body.code, body.password)
    return Answer(b"{}")


@routes.get("/users/{userId}/profile", who=OWNER | ADMIN, raises=[UserNotFound])
async def get_profile(users: Users, user_id: str, language: Language) -> Answer[Profile]:
    """A user's own data."""
    return with_etag(await profiles.find_profile(users, user_id), language)


@routes.put("/users/{userId}/profile", who=OWNER | ADMIN, raises=[UserNotFound])
async def put_profile(
    users: Users, user_id: str, body: NewProfile, if_match: Version | None, language: Language
) -> Answer[Profile]:
    """Replace the data that a user may change."""
    return with_etag(
        await profiles.change_profile(
            users,
            user_id,
            if_match,
            name=body.name,
            phone=body.phone,
            locale=body.locale,
            marketing_opt_in=body.marketing_opt_in,
        ),
        language,
    )


@routes.get("/users/{userId}/addresses", who=OWNER | ADMIN, raises=[UserNotFound])
async def get_addresses(users: Users, user_id: str) -> Addresses:
    """The address book, oldest first."""
    return Addresses(items=list((await profiles.find_addresses(users, user_id)).addresses))


@routes.post("/users/{userId}/addresses", who=OWNER | ADMIN, raises=[UserNotFound, AddressLimit])
async def post_address(users: Users, user_id: str, body: NewAddress, language: Language) -> Answer[Address]:
    """Add an address; the first one is the default."""
    address_id = new_id()
    book = await profiles.change_addresses(users, user_id, lambda book: book.add(body.as_address(address_id)))
    location = {"Location": f"/users/{user_id}/addresses/{address_id}"}
    return with_etag(book.find(address_id), language, location)


@routes.put("/users/{userId}/addresses/{addressId}", who=OWNER | ADMIN, raises=[UserNotFound, AddressNotFound])
async def put_address(
    users: Users, user_id: str, address_id: str, body: NewAddress, if_match: Version | None, language: Language
) -> Answer[Address]:
    """Replace an address."""
    address = body.as_address(address_id)
    book = await profiles.change_addresses(users, user_id, lambda book: book.replace(address, if_match))
    return with_etag(book.find(address_id), language)


@routes.delete("/users/{userId}/addresses/{addressId}", who=OWNER | ADMIN, raises=[UserNotFound, AddressNotFound])
async def delete_address(users: Users, user_id: str, address_id: str, if_match: Version | None) -> None:
    """Remove an address; the oldest of the others takes its place as the default."""
    await profiles.change_addresses(users, user_id, lambda book: book.remove(address_id, if_match))


@routes.get("/users/{userId}/sessions", who=OWNER | ADMIN, raises=[UserNotFound])
async def get_sessions(users: Users, user_id: str, page: PageRequest) -> Page[Session]:
    """A user's sessions, newest first."""
    scope = f"/users/{user_id}/sessions"
    start = users.pages.open(scope, page.next_token) if page.next_token else None
    found, end = await store.list_sessions(users.table, user_id, page.limit, start)
    if not found:
        await profiles.find_profile(users, user_id)  # an admin may ask for one who does not exist
    return Page(items=[session.shown for session in found], next_token=users.pages.seal(scope, end) if end else None)


@routes.delete("/users/{userId}/sessions/{sessionId}", who=OWNER | ADMIN, raises=[SessionNotFound])
async def delete_session(users: Users, user_id: str, session_id: str) -> None:
    """End a session: its refresh token is dead at once."""
    await sessions.revoke(users, user_id, session_id)


@routes.get("/users/{userId}/roles", who=ADMIN, raises=[UserNotFound])
async def get_roles(users: Users, user_id: str) -> RolesNow:
    """The groups of a user."""
    return RolesNow(groups=await roles.find(users, user_id))


@routes.put("/users/{userId}/roles", who=ADMIN, raises=[UserNotFound, LastAdmin])
async def put_roles(users: Users, user_id: str, body: Roles) -> RolesNow:
    """Set the groups of a user; they apply from the next token on."""
    return RolesNow(groups=await roles.change(users, user_id, body.groups))


def signed_in(tokens: Tokens, refresh_token: str) -> Answer[SignedIn]:
    """The answer to a login or refresh, which nobody on the way may keep."""
    answer = SignedIn(
        access_token=tokens.access_token,
        id_token=tokens.id_token,
        refresh_token=refresh_token,
        expires_in=tokens.expires_in,
        user_id=tokens.user_id,
        session_id=tokens.session_id,
    )
    return Answer(answer, headers={"Cache-Control": "no-store"})


def with_etag(resource: V, language: Language, headers: Mapping[str, str] = PRIVATE) -> Answer[V]:
    """A profile or address with its version as ETag."""
    body = msgspec.json.encode(resource)
    return Answer(body, etag=etag(resource.version, language, body), headers={**PRIVATE, **headers})
