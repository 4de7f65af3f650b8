"""The two mails that users sends itself: a code to confirm a registration, and one to set a new password."""

from functools import cache
from typing import Any, Literal

from shop.runtime.aws import Aws, AwsError
from shop.users import signals
from shop.users.model import Locale, Profile

__all__ = ["Letter", "Mailer", "Undeliverable"]

Letter = Literal["REGISTRATION_CODE", "PASSWORD_RESET"]
SUBJECTS: dict[Letter, dict[Locale, str]] = {
    "REGISTRATION_CODE": {
        "ja": "【見える化 Shop】会員登録の確認コード",
        "en": "Your confirmation code for Mieruka Shop",
    },
    "PASSWORD_RESET": {
        "ja": "【見える化 Shop】パスワード再設定の確認コード",
        "en": "Your code to set a new password for Mieruka Shop",
    },
}
PERMANENT = frozenset({"BadRequestException", "MessageRejected"})  # as notifications has it


class Undeliverable(Exception):
    """SES will never take a mail to this address."""


@cache
def templates() -> Any:
    """The texts; read at the first mail, since most calls send none."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape  # noqa: PLC0415 - a cold start

    return Environment(
        loader=PackageLoader("shop.users"), autoescape=select_autoescape(["html"]), undefined=StrictUndefined
    )


class Mailer:
    """Sends letters through SES."""

    def __init__(self, aws: Aws, sender: str) -> None:
        self._aws, self._sender = aws, sender

    async def send(self, letter: Letter, to: Profile, code: str, minutes: int) -> None:
        """Mail a code, in the language of the account, as text and HTML. Raises Undeliverable."""
        words = {"name": to.name, "code": code, "minutes": minutes}
        text, html = (
            templates().get_template(f"{letter.lower()}.{to.locale}.{form}").render(words) for form in ("txt", "html")
        )
        message = {
            "Subject": utf8(SUBJECTS[letter][to.locale]),
            "Body": {"Text": utf8(text), "Html": utf8(html)},
        }
        try:
            answer = await self._aws.call(
                "sesv2",
                "SendEmail",
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [to.email]},
                Content={"Simple": message},
            )
        except AwsError as error:
            if error.code in PERMANENT:
                raise Undeliverable(error.code) from error
            raise
        signals.mail_sent(answer["MessageId"], letter)


def utf8(text: str) -> dict[str, str]:
    """Text as SES takes it."""
    return {"Data": text, "Charset": "UTF-8"}
