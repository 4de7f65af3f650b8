"""The rules of users, pure; and its errors."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import ClassVar, Literal

import msgspec

from shop.contracts.shapes import Shape
from shop.kernel.clock import parse
from shop.kernel.errors import NotFound, Problem, Unauthenticated, ValidationFailed, VersionMismatch

__all__ = [
    "ADDRESS_LIMIT",
    "CODE_TRIES",
    "Account",
    "Address",
    "AddressBook",
    "AddressLimit",
    "AddressNotFound",
    "AlreadyConfirmed",
    "Code",
    "CodeExpired",
    "CodeInvalid",
    "CredentialsInvalid",
    "EmailTaken",
    "EndReason",
    "Group",
    "LastAdmin",
    "Locale",
    "Prefecture",
    "Profile",
    "Purpose",
    "Session",
    "SessionNotFound",
    "UserNotConfirmed",
    "UserNotFound",
    "check_email",
    "check_password",
    "fingerprint",
    "groups_of",
    "seconds_between",
]

Locale = Literal["ja", "en"]
Group = Literal["customer", "operator", "admin"]
Purpose = Literal["CONFIRM", "RESET"]
EndReason = Literal["logout", "expired", "revoked"]
Prefecture = Literal[
    "北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県", "栃木県", "群馬県",
    "埼玉県", "千葉県", "東京都", "神奈川県", "新潟県", "富山県", "石川県", "福井県", "山梨県", "長野県",
    "岐阜県", "静岡県", "愛知県", "三重県", "滋賀県", "京都府", "大阪府", "兵庫県", "奈良県", "和歌山県",
    "鳥取県", "島根県", "岡山県", "広島県", "山口県", "徳島県", "香川県", "愛媛県", "高知県", "福岡県",
    "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県", "鹿児島県", "沖縄県",
]  # fmt: skip
ADDRESS_LIMIT = 20
CODE_TRIES = 5
EMAIL = re.compile(r"[^\s@,;:<>()\[\]\"\\]{1,64}@[^\s@.,;:<>()\[\]\"\\]+(\.[^\s@.,;:<>()\[\]\"\\]+)+")


class EmailTaken(Problem):
    """There is an account with this mail address."""

    status, code = 409, "EMAIL_TAKEN"
    title: ClassVar[dict[str, str]] = {"ja": "このメールアドレスは登録済みです", "en": "Mail address is taken"}


class CodeInvalid(Problem):
    """This code is wrong."""

    status, code = 400, "CODE_INVALID"
    title: ClassVar[dict[str, str]] = {"ja": "確認コードが正しくありません", "en": "Wrong code"}


class CodeExpired(Problem):
    """There is no code that is still good: it is too old, was tried too often, or none was sent. Ask for a new one."""

    status, code = 410, "CODE_EXPIRED"
    title: ClassVar[dict[str, str]] = {"ja": "確認コードの有効期限が切れています", "en": "Code has expired"}


class AlreadyConfirmed(Problem):
    """This account is confirmed already."""

    status, code = 409, "ALREADY_CONFIRMED"
    title: ClassVar[dict[str, str]] = {"ja": "すでに確認済みです", "en": "Already confirmed"}


class CredentialsInvalid(Unauthenticated):
    """Mail address or password is wrong."""

    code = "CREDENTIALS_INVALID"
    title: ClassVar[dict[str, str]] = {
        "ja": "メールアドレスまたはパスワードが違います",
        "en": "Wrong mail address or password",
    }


class UserNotConfirmed(Problem):
    """Confirm this account first, with the code that was mailed."""

    status, code = 403, "USER_NOT_CONFIRMED"
    title: ClassVar[dict[str, str]] = {"ja": "アカウントが確認されていません", "en": "Account is not confirmed"}


class UserNotFound(NotFound):
    """There is no such user."""

    code = "USER_NOT_FOUND"
    title: ClassVar[dict[str, str]] = {"ja": "ユーザーが見つかりません", "en": "User not found"}


class AddressNotFound(NotFound):
    """This user has no such address."""

    code = "ADDRESS_NOT_FOUND"
    title: ClassVar[dict[str, str]] = {"ja": "住所が見つかりません", "en": "Address not found"}


class AddressLimit(Problem):
    """A user has at most 20 addresses."""

    status, code = 409, "ADDRESS_LIMIT"
    title: ClassVar[dict[str, str]] = {"ja": "住所の登録数が上限に達しています", "en": "Too many addresses"}


class SessionNotFound(NotFound):
    """This user has no such session."""

    code = "SESSION_NOT_FOUND"
    title: ClassVar[dict[str, str]] = {"ja": "セッションが見つかりません", "en": "Session not found"}


class LastAdmin(Problem):
    """Somebody has to be admin: name another one first."""

    status, code = 409, "LAST_ADMIN"
    title: ClassVar[dict[str, str]] = {"ja": "最後の管理者は外せません", "en": "The last admin stays"}


class Profile(Shape):
    """An account as its owner sees it."""

    id: str
    email: str
    name: str
    version: int
    created_at: str
    updated_at: str
    phone: str | None = None
    locale: Locale = "ja"
    marketing_opt_in: bool = False


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account as it is kept.

    `confirmed_at`: when its owner proved that the mail address is theirs. `expired_at`: when that was too late.
    `synthetic`: the kind of synthetic traffic that registered it.
    """

    profile: Profile
    confirmed_at: str | None = None
    expired_at: str | None = None
    synthetic: str | None = None

    @property
    def waits(self) -> bool:
        """Whether it may still be confirmed."""
        return self.confirmed_at is None and self.expired_at is None


class Address(Shape):
    """A delivery address in a user's address book. Its version rises with every change that shows."""

    id: str
    recipient: str
    postal_code: str
    prefecture: Prefecture
    city: str
    line1: str
    label: str = ""
    line2: str | None = None
    country: Literal["JP"] = "JP"
    phone: str | None = None
    is_default: bool = False
    version: int = 1


class AddressBook(msgspec.Struct, frozen=True, kw_only=True):
    """A user's addresses, oldest first. Exactly one is the default when there is any."""

    version: int = 0
    addresses: tuple[Address, ...] = ()

    def add(self, address: Address) -> "AddressBook":
        """With one more. Raises AddressLimit."""
        if len(self.addresses) >= ADDRESS_LIMIT:
            raise AddressLimit
        return self._with((*self.addresses, address), address.id if address.is_default else self._default)

    def replace(self, address: Address, if_match: int | None = None) -> "AddressBook":
        """With another content of one. Raises AddressNotFound, VersionMismatch (`if_match` is not its version)."""
        before = self.find(address.id, if_match)
        address = msgspec.structs.replace(address, version=before.version + 1)
        addresses = tuple(address if each.id == address.id else each for each in self.addresses)
        return self._with(addresses, address.id if address.is_default else self._default)

    def remove(self, address_id: str, if_match: int | None = None) -> "AddressBook":
        """Without one. Raises AddressNotFound, VersionMismatch (`if_match` is not its version)."""
        self.find(address_id, if_match)
        return self._with(tuple(each for each in self.addresses if each.id != address_id), self._default)

    def find(self, address_id: str, if_match: int | None = None) -> Address:
        """One of them. Raises AddressNotFound, VersionMismatch (`if_match` is not its version)."""
        for address in self.addresses:
            if address.id == address_id:
                if if_match not in (None, address.version):
                    raise VersionMismatch
                return address
        raise AddressNotFound

    @property
    def _default(self) -> str | None:
        return next((address.id for address in self.addresses if address.is_default), None)

    def _with(self, addresses: tuple[Address, ...], default: str | None) -> "AddressBook":
        """These, with `default` as the default, or else the oldest."""
        ids = [address.id for address in addresses]
        chosen = default if default in ids else next(iter(ids), None)
        marked = tuple(self._marked(each, is_default=each.id == chosen) for each in addresses)
        return AddressBook(version=self.version + 1, addresses=marked)

    def _marked(self, address: Address, *, is_default: bool) -> Address:
        """The default, or not. Who becomes it, or is it no more, without being written himself changes by that."""
        untouched = address in self.addresses and address.is_default != is_default
        version = address.version + 1 if untouched else address.version
        return msgspec.structs.replace(address, is_default=is_default, version=version)


class Session(Shape):
    """A stretch of being signed in, from a login to its end."""

    session_id: str
    started_at: str
    last_used_at: str
    ended_at: str | None = None
    end_reason: EndReason | None = None


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """A mailed code, as it is kept: who reads the table cannot use it."""

    salt: str
    digest: str

    @classmethod
    def issue(cls) -> tuple[str, "Code"]:
        """Six new digits, and what is kept of them."""
        digits, salt = f"{secrets.randbelow(1_000_000):06}", secrets.token_hex(16)
        return digits, cls(salt=salt, digest=digest(salt, digits))

    def fits(self, digits: str) -> bool:
        """Whether these are the digits, in a time that does not tell how nearly."""
        return hmac.compare_digest(self.digest, digest(self.salt, digits))


def digest(salt: str, digits: str) -> str:
    """What is kept of a code."""
    return hmac.new(bytes.fromhex(salt), digits.encode(), hashlib.sha256).hexdigest()


def fingerprint(text: str) -> str:
    """A name for something that no key may show: a mail address, a token, an internet address."""
    return hashlib.sha256(text.encode()).hexdigest()


def check_email(email: str) -> str:
    """The address in the form that is compared. Raises ValidationFailed; SES takes no letters but ASCII's either."""
    if not (email.isascii() and email.isprintable() and EMAIL.fullmatch(email)) or ".." in email:
        raise ValidationFailed(("email", "must be a mail address"))
    return email.lower()


def check_password(password: str) -> None:
    """Raises ValidationFailed for one that is too easily guessed."""
    needs = {"upper case": str.isupper, "lower case": str.islower, "a digit": str.isdigit}
    missing = [name for name, has in needs.items() if not any(has(c) for c in password if c.isascii())]
    if len(password) < 8:
        missing.insert(0, "8 characters")
    if password != password.strip():
        raise ValidationFailed(("password", "must not begin or end with a space"))
    if missing:
        raise ValidationFailed(("password", f"needs {', '.join(missing)}"))


def groups_of(wanted: Iterable[Group]) -> frozenset[Group]:
    """The groups of somebody who is to have these: everybody is a customer."""
    return frozenset({"customer", *wanted})


def seconds_between(start: str, end: str) -> float:
    """From one stamp to another, never negative."""
    return max(0.0, (parse(end) - parse(start)) / timedelta(seconds=1))
