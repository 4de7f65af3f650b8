"""Logging in and staying in: a session begins with a login and ends by logout, revocation, or its time."""

from shop import telemetry
from shop.kernel.clock import now, stamp
from shop.kernel.errors import Forbidden, Problem, RateLimited, Unauthenticated
from shop.runtime.dynamo import ConditionFailed
from shop.telemetry import names
from shop.users import signals, store, throttle
from shop.users.cognito import Tokens
from shop.users.model import CredentialsInvalid, EndReason, SessionNotFound, UserNotConfirmed, seconds_between
from shop.users.parts import Users
from shop.users.store import OpenSession

__all__ = ["end", "expire", "login", "logout", "refresh", "revoke", "revoke_all"]

PAGE = 100


async def login(users: Users, email: str, password: str, client_address: str) -> Tokens:
    """Tokens of a new session. Raises CredentialsInvalid, UserNotConfirmed, RateLimited.

    An unknown mail address is treated as a wrong password in every respect: counted, timed and answered alike.
    """
    compared = email.lower()
    try:
        await throttle.check(users.table, (throttle.ACCOUNT, compared), (throttle.ADDRESS, client_address))
        tokens = await judge(users, compared, password, client_address)
        await begin(users, tokens)
    except Problem as problem:
        signals.login_failed(problem)
        raise
    signals.login_succeeded(tokens.user_id)
    return tokens


async def judge(users: Users, compared: str, password: str, client_address: str) -> Tokens:
    """What the user pool says to a password, and its count."""
    try:
        tokens = await users.pool.login(compared, password)
    except CredentialsInvalid:
        # In this order, and before the answer: who guesses many at once still learns of five at most.
        await throttle.count(users.table, throttle.ACCOUNT, compared)
        await throttle.count(users.table, throttle.ADDRESS, client_address)
        raise
    try:
        await throttle.forgive(users.table, throttle.ACCOUNT, compared)
    except RateLimited:
        await drop(users, tokens)
        raise
    return tokens


async def begin(users: Users, tokens: Tokens) -> None:
    """Keep the session of these tokens. Raises UserNotConfirmed; then they are worth nothing."""
    account = await store.find_account(users.table, tokens.user_id)
    if account is None or account.confirmed_at is None:
        await drop(users, tokens)
        raise UserNotConfirmed if account else CredentialsInvalid
    at = now()
    session = OpenSession(
        session_id=tokens.session_id,
        user_id=tokens.user_id,
        started_at=stamp(at),
        last_used_at=stamp(at),
        due_at=stamp(at + users.session_ttl),
        synthetic=telemetry.synthetic(),
    )
    await store.start_session(users.table, session, tokens.refresh_token or "", users.session_ttl)


async def drop(users: Users, tokens: Tokens) -> None:
    """Revoke tokens that nobody gets."""
    if tokens.refresh_token:
        await users.pool.revoke(tokens.refresh_token)


async def refresh(users: Users, refresh_token: str) -> Tokens:
    """New access for a session that goes on. Raises Unauthenticated."""
    session = await store.find_token(users.table, refresh_token)
    if session is None or session.ended_at:
        raise Unauthenticated("This refresh token is not good any more.")
    if session.due_at <= stamp():
        await end(users, session, session.due_at, "expired")
        raise Unauthenticated("This session has expired: log in again.")
    tokens = await users.pool.refresh(session.user_id, refresh_token)
    try:
        await store.touch_session(users.table, session)
    except ConditionFailed as failure:
        raise Unauthenticated("This session has just been ended.") from failure
    return tokens


async def logout(users: Users, user_id: str, refresh_token: str) -> None:
    """End the session of this refresh token. What has ended stays so. Raises Forbidden for somebody else's."""
    session = await store.find_token(users.table, refresh_token)
    if session is None:
        return
    if session.user_id != user_id:
        raise Forbidden
    await end(users, session, stamp(), "logout")
    await users.pool.revoke(refresh_token)  # our own table refuses it already


async def revoke(users: Users, user_id: str, session_id: str) -> None:
    """End one of a user's sessions from outside. Raises SessionNotFound."""
    session = await store.find_session(users.table, user_id, session_id)
    if session is None:
        raise SessionNotFound
    await end(users, session, stamp(), "revoked")


async def revoke_all(users: Users, user_id: str) -> None:
    """End all of a user's sessions."""
    start = None
    while True:
        found, start = await store.sessions_of(users.table, user_id, PAGE, start)
        for session in found:
            await end(users, session, stamp(), "revoked")
        if start is None:
            return


async def expire(users: Users, user_id: str, session_id: str) -> None:
    """End a session whose time has come."""
    session = await store.find_session(users.table, user_id, session_id)
    if session is not None:
        with telemetry.due("session", telemetry.Origin(synthetic=session.synthetic), {names.USER_ID: user_id}):
            await end(users, session, session.due_at, "expired")


async def end(users: Users, session: OpenSession, at: str, reason: EndReason) -> None:
    """End a session, and tell how long it lasted; only the first end counts, and its time may have come before `at`."""
    if session.ended_at:
        return
    if session.due_at <= at:
        at, reason = session.due_at, "expired"
    with telemetry.context(synthetic=session.synthetic):
        try:
            await store.close_session(users.table, session, at, reason)
        except ConditionFailed:
            return
        signals.session_ended(reason, seconds_between(session.started_at, at))
