"""Secrets of a function, read once at its cold start: each `NAME_SECRET_ARN` becomes `NAME`."""

import asyncio
from uuid import uuid4

import pytest

from shop.runtime.aws import AwsError, resolve_secrets


@pytest.fixture(scope="module")
def arn(run, aws):
    """The ARN of a secret."""
    made = run(aws.call("secretsmanager", "CreateSecret", Name=f"secret-{uuid4()}", SecretString="open sesame"))
    return made["ARN"]


def test_secrets_are_resolved_only_where_a_variable_asks_for_it(arn):
    environ = {"A_SECRET_ARN": arn, "B_SECRET_ARN": "none that is asked for", "B": "set", "C": "plain"}
    resolve_secrets(environ)
    assert environ == {
        "A_SECRET_ARN": arn,
        "A": "open sesame",
        "B_SECRET_ARN": "none that is asked for",
        "B": "set",
        "C": "plain",
    }


def test_secrets_can_be_resolved_while_a_loop_runs(arn):
    async def start():
        environ = {"A_SECRET_ARN": arn}
        resolve_secrets(environ)
        return environ["A"]

    assert asyncio.run(start()) == "open sesame"


def test_a_function_whose_secret_cannot_be_read_does_not_start(aws):
    with pytest.raises(AwsError) as refused:
        resolve_secrets({"A_SECRET_ARN": "nobody"})
    assert refused.value.code == "ResourceNotFoundException"
