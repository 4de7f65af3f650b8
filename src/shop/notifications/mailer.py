"""SES: one call per mail, and what its answers mean."""

from collections.abc import Sequence

from shop.notifications.letters import Letter
from shop.runtime.aws import Aws, AwsError

__all__ = ["Mailer", "Rejected"]

# What SES says of a mail that it will never take. Anything else (throttling, a paused account) passes.
PERMANENT = frozenset({"BadRequestException", "MessageRejected"})


class Rejected(Exception):
    """SES will never take this mail."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Mailer:
    """Sends letters through SES, which knows no idempotency: it is asked once, and again only after a clear no."""

    def __init__(self, aws: Aws, sender: str) -> None:
        self._aws, self._sender = aws, sender

    async def send(self, letter: Letter, to: Sequence[str], mail_id: str) -> str:
        """The MessageId of a mail that SES has accepted.

        Raises Rejected; AwsError or DependencyUnavailable when it was certainly not accepted, but may be later; and
        DependencyTimeout when nobody knows.
        """
        message = {
            "Subject": utf8(letter.subject),
            "Body": {"Text": utf8(letter.text), "Html": utf8(letter.html)},
            "Headers": [{"Name": "X-Shop-Notification-Id", "Value": mail_id}],
        }
        try:
            answer = await self._aws.call(
                "sesv2",
                "SendEmail",
                repeatable=False,
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": list(to)},
                Content={"Simple": message},
            )
        except AwsError as error:
            if error.code in PERMANENT:
                raise Rejected(error.code) from error
            raise
        return str(answer["MessageId"])


def utf8(text: str) -> dict[str, str]:
    """Text as SES takes it."""
    return {"Data": text, "Charset": "UTF-8"}
