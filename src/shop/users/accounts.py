"""Registration in two steps, and a new password for one that was forgotten.

A registration claims its mail address in our table first: of any number at the same moment one goes on. The claim is
good for half a minute, so that a process which dies in between blocks nobody; what it left in the user pool is removed
by the next registration of that address. The code is mailed before the account is made: who is answered has a mail, and
a mail that could not be sent leaves no account behind.
"""

from contextlib import suppress

from shop import telemetry
from shop.contracts.events import UserConfirmed
from shop.contracts.messages import envelope
from shop.kernel.clock import stamp
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable, RateLimited, ValidationFailed
from shop.kernel.ids import new_id
from shop.runtime.aws import AwsError
from shop.runtime.dynamo import ConditionFailed
from shop.telemetry import names
from shop.users import sessions, signals, store, throttle
from shop.users.cognito import Registered
from shop.users.letters import Undeliverable
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

__all__ = ["confirm", "expire", "forgot_password", "register", "resend", "reset_password"]


async def register(users: Users, email: str, password: str, name: str, locale: Locale) -> Profile:
    """Make an account that has to be confirmed, and mail the code. Raises EmailTaken, ValidationFailed."""
    compared = check_email(email)
    check_password(password)
    claim = new_id()
    try:
        await store.claim_email(users.table, compared, claim)
    except ConditionFailed as failure:
        raise EmailTaken from failure
    try:
        user_id = await make_user(users, compared, claim, password)
        at = stamp()
        profile = Profile(id=user_id, email=email, name=name, locale=locale, version=1, created_at=at, updated_at=at)
        digits, code = Code.issue()
        await users.mailer.send("REGISTRATION_CODE", profile, digits, users.code_minutes)
        times = users.code_ttl, users.registration_expires_after
        account = Account(profile=profile, synthetic=telemetry.synthetic())
        await store.complete_registration(users.table, account, compared, claim, code, *times)
    except BaseException as failure:
        with suppress(ConditionFailed):
            await store.release_email(users.table, compared, claim)
        if isinstance(failure, ConditionFailed | Registered):
            raise EmailTaken from failure  # this took so long that another one has taken the claim over
        if isinstance(failure, Undeliverable):
            raise ValidationFailed(("email", "cannot be written to")) from failure
        raise
    signals.registration("started")
    return profile


async def make_user(users: Users, compared: str, claim: str, password: str) -> str:
    """The id of a new user in the pool. Raises ConditionFailed or Registered when the address is another one's now."""
    try:
        return await users.pool.register(compared, password)
    except Registered:
        # We hold the claim, and there is no account with this address: a registration has died in between.
        await store.renew_claim(users.table, compared, claim)
        await users.pool.delete(compared)
    return await users.pool.register(compared, password)


async def confirm(users: Users, email: str, digits: str) -> str:
    """Confirm an account by the mailed code; the user's id. Raises CodeInvalid, CodeExpired, AlreadyConfirmed."""
    compared = check_email(email)
    account = await find_by_email(users, compared)
    if account is None:
        raise CodeInvalid
    if account.confirmed_at:
        raise AlreadyConfirmed
    profile = account.profile
    try:
        code = await check_code(users, compared, "CONFIRM", digits)
    except CodeExpired:
        if (await store.find_account(users.table, profile.id) or account).confirmed_at:
            raise AlreadyConfirmed from None  # by the same code, a moment ago
        raise
    fact = UserConfirmed(user_id=profile.id, email=profile.email, name=profile.name, locale=profile.locale)
    said = envelope(fact, aggregate_id=profile.id, aggregate_version=profile.version)
    try:
        await store.confirm_account(users.table, profile.id, compared, stamp(), code, said)
    except ConditionFailed as failure:
        if "confirmedAt" in (failure.item or {}):
            raise AlreadyConfirmed from failure  # by the same code, at the same moment
        raise CodeExpired from failure  # a newer code was sent meanwhile, or the registration's time has come
    signals.registration("confirmed")
    return profile.id


async def resend(users: Users, email: str) -> None:
    """Mail a new code to who has registered and not confirmed; nobody is told whether there is such an account."""
    compared = check_email(email)
    await throttle.count(users.table, throttle.CONFIRM_CODES, compared)
    account = await find_by_email(users, compared)
    if account is None or not account.waits:
        return
    digits = await new_code(users, compared, "CONFIRM")
    try:
        await users.mailer.send("REGISTRATION_CODE", account.profile, digits, users.code_minutes)
    except Undeliverable as failure:
        signals.mail_failed("REGISTRATION_CODE", failure)


async def expire(users: Users, user_id: str) -> None:
    """Count a registration that was not completed in time, once, and take it back: its mail address is free again.

    The note comes first, and from then on the account cannot be confirmed; a sweep that dies is followed by another.
    """
    account = await store.find_account(users.table, user_id)
    if account is None or account.confirmed_at:
        return  # another sweep was here, or its owner at the last moment
    with telemetry.due("registration", telemetry.Origin(synthetic=account.synthetic), {names.USER_ID: user_id}):
        if account.waits:
            try:
                await store.expire_registration(users.table, user_id, stamp())
            except ConditionFailed:
                return  # ... just now; if it was a sweep that died then, the next one goes on
            signals.registration("expired")
        await users.pool.delete(user_id)
        with suppress(ConditionFailed):  # another sweep was faster, and somebody has taken the address already
            await store.remove_registration(users.table, user_id, check_email(account.profile.email))


async def forgot_password(users: Users, email: str) -> None:
    """Mail a code with which a new password can be set; nobody is told whether there is such an account, nor whether
    too many codes were asked for, nor whether the mail can be sent.

    An unknown address gets a code, too, which nobody ever sees: trying to reset its password looks like any other.
    """
    compared = check_email(email)
    try:
        await throttle.count(users.table, throttle.RESET_CODES, compared)
    except RateLimited:
        return
    digits = await new_code(users, compared, "RESET")
    account = await find_by_email(users, compared)
    if account is None:
        return
    try:
        await users.mailer.send("PASSWORD_RESET", account.profile, digits, users.code_minutes)
    except (Undeliverable, AwsError, DependencyUnavailable, DependencyTimeout) as failure:
        signals.mail_failed("PASSWORD_RESET", failure)


async def reset_password(users: Users, email: str, digits: str, password: str) -> None:
    """Set a new password by the mailed code, end every session. Raises CodeInvalid, CodeExpired, ValidationFailed.

    The code is forgotten last: whoever gets no answer, because this died in between, does it again with the same one.
    """
    check_password(password)
    compared = check_email(email)
    code = await check_code(users, compared, "RESET", digits)
    account = await find_by_email(users, compared)
    if account is None:
        raise CodeInvalid
    user_id = account.profile.id
    await users.pool.set_password(user_id, password)
    await users.pool.revoke_all(user_id)
    await sessions.revoke_all(users, user_id)
    await throttle.forget(users.table, throttle.ACCOUNT, compared)
    with suppress(ConditionFailed):
        await store.forget_code(users.table, compared, "RESET", code)


async def find_by_email(users: Users, compared: str) -> Account | None:
    """The account with this mail address, confirmed or not."""
    user_id = await store.find_user(users.table, compared)
    return await store.find_account(users.table, user_id) if user_id else None


async def new_code(users: Users, compared: str, purpose: Purpose) -> str:
    """The digits of a new code; the one before is worth nothing from then on."""
    digits, code = Code.issue()
    await store.keep_code(users.table, compared, purpose, code, users.code_ttl)
    return digits


async def check_code(users: Users, compared: str, purpose: Purpose, digits: str) -> Code:
    """The code, if these are its digits. The try is counted before it is judged. Raises CodeInvalid, CodeExpired."""
    try:
        code = await store.spend_try(users.table, compared, purpose)
    except ConditionFailed as failure:
        raise CodeExpired from failure
    if not code.fits(digits):
        raise CodeInvalid
    return code
