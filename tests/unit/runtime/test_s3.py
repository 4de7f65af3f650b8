"""Presigned URLs: the same as AWS's own SDK makes of them."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config

from shop.runtime.aws import AwsSettings
from shop.runtime.s3 import Bucket

HEADERS = {"content-type": "image/jpeg", "x-amz-meta-traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b71-01"}


def dated(url: str) -> str:
    return parse_qs(urlsplit(url).query)["X-Amz-Date"][0]


@pytest.mark.parametrize("token", [None, "a/session+token="])
@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:4566", None])
def test_a_presigned_put_is_what_botocore_makes_of_it(
    monkeypatch: Any, token: str | None, endpoint: str | None
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    if token:
        monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    style: Any = {"addressing_style": "path" if endpoint else "virtual"}
    client = boto3.Session().client(
        "s3", region_name="eu-west-3", endpoint_url=endpoint, config=Config(signature_version="s3v4", s3=style)
    )
    asked = {"Bucket": "pictures", "Key": "uploads/a b", "ContentType": "image/jpeg", "ContentLength": 70_000}
    asked["Metadata"] = {"traceparent": HEADERS["x-amz-meta-traceparent"]}
    bucket = Bucket("pictures", AwsSettings(aws_region="eu-west-3", aws_endpoint_url=endpoint))
    for _ in range(5):  # until both are of the same second
        theirs = client.generate_presigned_url("put_object", Params=asked, ExpiresIn=900)
        ours = bucket.presigned_put("uploads/a b", HEADERS, 70_000, timedelta(minutes=15))
        if dated(theirs) == dated(ours):
            break
    assert urlsplit(ours).path == urlsplit(theirs).path
    assert urlsplit(ours).netloc == urlsplit(theirs).netloc
    assert parse_qs(urlsplit(ours).query) == parse_qs(urlsplit(theirs).query)
