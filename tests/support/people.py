"""People with accounts in the user pool itself, for tests of services that only read tokens."""

import base64
import hashlib
import hmac
from functools import cache
from typing import Any
from uuid import uuid4

import boto3
from tests.support.account import Account

__all__ = ["token_of"]

PASSWORD = "Mieruka-2026"


@cache
def token_of(account: Account, *groups: str) -> str:
    """An access token of somebody new in these groups."""
    made, access = account.provisioned, account.access
    cognito = boto3.client(
        "cognito-idp",
        endpoint_url=access.endpoint,
        region_name=access.region,
        aws_access_key_id=access.account,
        aws_secret_access_key=access.secret,
    )
    pool, email = made.user_pool_id, f"{uuid4().hex[:12]}@example.jp"
    cognito.admin_create_user(UserPoolId=pool, Username=email, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username=email, Password=PASSWORD, Permanent=True)
    for group in groups:
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=email, GroupName=group)
    mac = hmac.new(made.user_pool_client_secret.encode(), (email + made.user_pool_client_id).encode(), hashlib.sha256)
    answer: dict[str, Any] = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=made.user_pool_client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={
            "USERNAME": email,
            "PASSWORD": PASSWORD,
            "SECRET_HASH": base64.b64encode(mac.digest()).decode(),
        },
    )
    cognito.close()
    return str(answer["AuthenticationResult"]["AccessToken"])
