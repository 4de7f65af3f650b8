"""Registration in two steps, and a new password for one that was forgotten.

A registration claims its mail address in our table first: of any number at the same moment one goes on. The claim is
good for half a minute, so that a process which dies in between blocks nobody; what it left in the user pool is removed
then.
"""

from contextlib import suppress

from shop.contracts.events import UserConfirmed
from shop.contracts.messages import envelope
from shop.kernel.clock import stamp
from shop.kernel.ids import new_id
from shop.runtime.dynamo import ConditionFailed
from shop.users import sessions, signals, store, throttle
from shop.users.cognito import Registered
from shop.users.letters import Letter
from shop.users.model import (
    Account,
    AlreadyConfirmed,
    Code,
    CodeExpired,
    CodeInvalid,
    EmailTaken,
    Locale,
    Profile,
    Purpose,
    check_email,
    check_password,
)
from shop.users.parts import Users

__all__ = ["confirm", "forgot_password", "register", "resend", "reset_password"]


async def register(users: Users, email: str, password: str, name: str, locale: Locale) -> Profile:
    """Make an account that has to be confirmed, and mail the code. Raises EmailTaken, ValidationFailed."""
    compared = check_email(email)
    check_password(password)
    claim = new_id()
    try:
        await store.claim_email(users.table, compared, claim)
    except ConditionFailed as failure:
        raise EmailTaken from failure
    digits, code = Code.issue()
    try:
        user_id = await make_user(users, compared, password)
        at = stamp()
        profile = Profile(id=user_id, email=email, name=name, locale=locale, version=1, created_at=at, updated_at=at)
        times = users.code_ttl, users.registration_expires_after
        await store.complete_registration(users.table, Account(profile=profile), compared, claim, code, *times)
    except ConditionFailed as failure:
        raise EmailTaken from failure  # this took so long that another one has taken the claim over
    except BaseException:
        with suppress(ConditionFailed):
            await store.release_email(users.table, compared, claim)
        raise
    signals.registration("started")
    await users.mailer.send("REGISTRATION_CODE", profile, digits, users.code_minutes)
    return profile


async def make_user(users: Users, compared: str, password: str) -> str:
    """The id of a new user in the pool."""
    try:
        return await users.pool.register(compared, password)
    except Registered:
        # We hold the claim, and there is no account with this address: a registration has died in between.
        await users.pool.delete(compared)
        return await users.pool.register(compared, password)


async def confirm(users: Users, email: str, digits: str) -> str:
    """Confirm an account by the mailed code; the user's id. Raises CodeInvalid, CodeExpired, AlreadyConfirmed."""
    account = await find_by_email(users, email)
    if account is None:
        raise CodeInvalid
    if account.confirmed_at:
        raise AlreadyConfirmed
    profile = account.profile
    code = await check_code(users, profile.id, "CONFIRM", digits)
    fact = UserConfirmed(user_id=profile.id, email=profile.email, name=profile.name, locale=profile.locale)
    said = envelope(fact, aggregate_id=profile.id, aggregate_version=profile.version)
    try:
        await store.confirm_account(users.table, profile.id, stamp(), code, said)
    except ConditionFailed as failure:
        raise AlreadyConfirmed from failure  # by the same code, at the same moment
    signals.registration("confirmed")
    return profile.id


async def resend(users: Users, email: str) -> None:
    """Mail a new code to who has registered and not confirmed; nobody is told whether there is such an account."""
    await throttle.count(users.table, throttle.CODES, check_email(email))
    account = await find_by_email(users, email)
    if account is not None and account.confirmed_at is None:
        await send_code(users, account.profile, "CONFIRM")


async def forgot_password(users: Users, email: str) -> None:
    """Mail a code with which a new password can be set; nobody is told whether there is such an account."""
    await throttle.count(users.table, throttle.CODES, check_email(email))
    account = await find_by_email(users, email)
    if account is not None:
        await send_code(users, account.profile, "RESET")


async def reset_password(users: Users, email: str, digits: str, password: str) -> None:
    """Set a new password by the mailed code, end every session. Raises CodeInvalid, CodeExpired, ValidationFailed."""
    check_password(password)
    account = await find_by_email(users, email)
    if account is None:
        raise CodeInvalid
    user_id = account.profile.id
    code = await check_code(users, user_id, "RESET", digits)
    try:
        await store.forget_code(users.table, user_id, "RESET", code)
    except ConditionFailed as failure:
        raise CodeExpired from failure
    await users.pool.set_password(user_id, password)
    await users.pool.revoke_all(user_id)
    await sessions.revoke_all(users, user_id)


async def find_by_email(users: Users, email: str) -> Account | None:
    """The account with this mail address, confirmed or not."""
    user_id = await store.find_user(users.table, check_email(email))
    return await store.find_account(users.table, user_id) if user_id else None


async def send_code(users: Users, to: Profile, purpose: Purpose) -> None:
    """Mail a new code; the one before is worth nothing from then on."""
    digits, code = Code.issue()
    await store.keep_code(users.table, to.id, purpose, code, users.code_ttl)
    letter: Letter = "REGISTRATION_CODE" if purpose == "CONFIRM" else "PASSWORD_RESET"
    await users.mailer.send(letter, to, digits, users.code_minutes)


async def check_code(users: Users, user_id: str, purpose: Purpose, digits: str) -> Code:
    """The code, if these are its digits. The try is counted before it is judged. Raises CodeInvalid, CodeExpired."""
    try:
        code = await store.spend_try(users.table, user_id, purpose)
    except ConditionFailed as failure:
        raise CodeExpired from failure
    if not code.fits(digits):
        raise CodeInvalid
    return code
