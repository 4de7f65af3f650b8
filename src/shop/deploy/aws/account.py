"""The account that a command works in: its clients, and what its refusals mean in plain words."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import boto3
from botocore import exceptions as aws
from botocore.config import Config

from shop.local.errors import Failed, Refused
from shop.local.language import say

__all__ = ["REGION", "AwsAccount", "code_of", "plainly", "said"]

REGION: Final = "ap-northeast-1"
EXPIRED = {
    "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId", "UnrecognizedClientException",
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure", "InvalidToken",
}  # fmt: skip
FORBIDDEN = {
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "AuthorizationError",
    "UnauthorizedException",
}
BUSY = {"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown"}
CONFIG = Config(
    connect_timeout=10,
    read_timeout=60,
    retries={"mode": "standard", "max_attempts": 8},
    user_agent_extra="mieruka-shop",
)


@dataclass(frozen=True)
class AwsAccount:
    """An account and a region, reached with one person's credentials."""

    session: boto3.Session
    id: str
    arn: str

    @classmethod
    def reach(cls, region: str | None, profile: str | None) -> "AwsAccount":
        """Whoever the environment, or a profile, says. Refused, by `plainly`, when nobody is."""
        session = boto3.Session(profile_name=profile)
        session = boto3.Session(profile_name=profile, region_name=region or session.region_name or REGION)
        caller = session.client("sts", config=CONFIG).get_caller_identity()
        return cls(session, caller["Account"], caller["Arn"])

    @property
    def region(self) -> str:
        """Where everything is."""
        return str(self.session.region_name)

    @property
    def partition(self) -> str:
        """`aws`, or another of AWS's worlds."""
        return str(self.session.get_partition_for_region(self.region))

    def __hash__(self) -> int:
        return id(self)

    @cache  # noqa: B019 - one account a command
    def client(self, service: str) -> Any:
        """The client of a service."""
        return self.session.client(service, config=CONFIG)

    def every(self, service: str, operation: str, key: str, **asked: Any) -> Iterator[Any]:
        """All items of a list that comes in pages."""
        for page in self.client(service).get_paginator(operation).paginate(**asked):
            yield from page.get(key) or ()

    def substituted(self, text: str) -> str:
        """CDK's placeholders, filled."""
        known = {"AccountId": self.id, "Region": self.region, "Partition": self.partition}
        for name, value in known.items():
            text = text.replace("${AWS::" + name + "}", value)
        return text


def code_of(error: aws.ClientError) -> str:
    """What AWS calls an error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def said(error: aws.ClientError) -> str:
    """What AWS says of an error."""
    return str(error.response.get("Error", {}).get("Message", error))


@contextmanager
def plainly(profile: str | None) -> Iterator[None]:
    """Say what a failure of AWS's means, and what to do. Raises Refused for what can be mended here, else Failed."""
    login = f"aws sso login --profile {profile}" if profile else "aws sso login"
    try:
        yield
    except (aws.NoCredentialsError, aws.PartialCredentialsError, aws.CredentialRetrievalError) as error:
        raise Refused(
            say(
                "AWS の認証情報がありません。`aws configure sso` で設定し、--profile か AWS_PROFILE で指定してください",
                "no credentials for AWS: set them up with `aws configure sso`, name them by --profile or AWS_PROFILE",
            )
            + f" ({error})"
        ) from error
    except aws.ProfileNotFound as error:
        known = ", ".join(boto3.Session().available_profiles) or say("なし", "none")
        raise Refused(f"{error} ({say('あるもの', 'there are')}: {known})") from error
    except (aws.TokenRetrievalError, aws.SSOTokenLoadError, aws.UnauthorizedSSOTokenError, aws.SSOError) as error:
        raise Refused(say(f"ログインの期限が切れています: `{login}`", f"your login has expired: `{login}`")) from error
    except (
        aws.EndpointConnectionError,
        aws.ConnectTimeoutError,
        aws.ReadTimeoutError,
        aws.ConnectionClosedError,
    ) as error:
        raise Failed(
            say(
                f"AWS に届きません。ネットワークとリージョンを確認し、もう一度実行してください ({error})",
                f"AWS cannot be reached: look at the network and the region, then run it again ({error})",
            )
        ) from error
    except aws.ClientError as error:
        raise judged(error, login) from error


def judged(error: aws.ClientError, login: str) -> Exception:
    """An answer of AWS's that is an error, as one of ours."""
    code, action = code_of(error), f"{error.operation_name}: {said(error)}"
    if code in EXPIRED:
        return Refused(
            say(
                f"AWS の認証情報が無効か期限切れです: `{login}`、またはキーを確認してください ({action})",
                f"your credentials are invalid or have expired: `{login}`, or look at your keys ({action})",
            )
        )
    if code in FORBIDDEN:
        return Failed(
            say(
                f"権限がありません。クラスの管理者に docs/aws/class.ja.md のポリシーを頼んでください ({action})",
                f"you are not allowed to: ask whoever runs the class for the policy of docs/aws/class.md ({action})",
            )
        )
    if code in BUSY:
        return Failed(
            say(
                f"AWS が混み合っています。少し待ってもう一度実行してください ({action})",
                f"AWS asks for patience: wait a little and run it again, it goes on where it was ({action})",
            )
        )
    return Failed(f"{code}: {action}")


def login_name() -> str:
    """Who is at this machine: the default name of a deployment."""
    return (os.environ.get("USER") or os.environ.get("USERNAME") or "dev").lower()
