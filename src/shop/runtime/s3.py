"""Objects of one S3 bucket, read and written whole, by our own client: a page of products is as many pictures."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from urllib.parse import quote, urlsplit

from shop import telemetry
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.runtime import faults
from shop.runtime.aws import AwsError, AwsSettings, credentials, sign, signature_of
from shop.runtime.wire import Client, Response, TimedOut, WireError
from shop.telemetry import names

__all__ = ["Bucket", "Described", "Stored"]

LARGEST = 32 * 1024 * 1024  # bytes
META = "x-amz-meta-"


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as it is kept."""

    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Described:
    """What is known of an object without reading it."""

    size: int
    metadata: Mapping[str, str]


class Bucket:
    """One bucket. S3 down or silent: DependencyUnavailable, DependencyTimeout; any other refusal: AwsError."""

    def __init__(self, name: str, settings: AwsSettings, client: Client | None = None) -> None:
        self.name, self._region = name, settings.aws_region
        host = f"https://{name}.s3.{settings.aws_region}.amazonaws.com"
        self._base = f"{settings.aws_endpoint_url}/{name}" if settings.aws_endpoint_url else host
        self._client = client or Client()

    async def get(self, key: str) -> Stored | None:
        """The object, or None."""
        answer = await self._call("GET", "GetObject", key)
        return None if answer.status == 404 else Stored(answer.body, answer.headers["content-type"])

    async def head(self, key: str) -> Described | None:
        """What is known of the object, or None when there is none."""
        answer = await self._call("HEAD", "HeadObject", key)
        if answer.status == 404:
            return None
        metadata = {name.removeprefix(META): value for name, value in answer.headers.items() if name.startswith(META)}
        return Described(int(answer.headers["content-length"]), metadata)

    async def put(self, key: str, body: bytes, content_type: str) -> None:
        """Write the object whole."""
        await self._call("PUT", "PutObject", key, body, {"content-type": content_type})

    async def delete(self, key: str) -> None:
        """Remove the object; that it is not there is no error."""
        await self._call("DELETE", "DeleteObject", key)

    def presigned_put(self, key: str, headers: Mapping[str, str], size: int, lifetime: timedelta) -> str:
        """A URL that takes one kind of PUT until `lifetime` has passed: with exactly these headers (lower case), and a
        body of `size` bytes.
        """
        moment, who = datetime.now(UTC), credentials()
        url = urlsplit(f"{self._base}/{quote(key)}")
        signed = {**headers, "content-length": str(size), "host": url.netloc}
        query = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{who.access_key}/{moment:%Y%m%d}/{self._region}/s3/aws4_request",
            "X-Amz-Date": f"{moment:%Y%m%dT%H%M%SZ}",
            "X-Amz-Expires": str(int(lifetime.total_seconds())),
            "X-Amz-SignedHeaders": ";".join(sorted(signed)),
            **({"X-Amz-Security-Token": who.token} if who.token else {}),
        }
        text = "&".join(f"{quote(name, safe='')}={quote(query[name], safe='')}" for name in sorted(query))
        lines = "".join(f"{name}:{signed[name].strip()}\n" for name in sorted(signed))
        request = f"PUT\n{url.path}\n{text}\n{lines}\n{';'.join(sorted(signed))}\nUNSIGNED-PAYLOAD"
        signature = signature_of(request, who, region=self._region, service="s3", moment=moment)
        return f"{url.scheme}://{url.netloc}{url.path}?{text}&X-Amz-Signature={signature}"

    async def ping(self) -> None:
        """Nothing, or DependencyUnavailable, DependencyTimeout."""
        try:
            await self._call("HEAD", "HeadBucket", "")
        except AwsError as error:
            raise DependencyUnavailable("The bucket cannot be used.") from error

    async def _call(
        self, method: str, operation: str, key: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Response:
        attributes = {
            names.RPC_SYSTEM: "aws-api",
            names.RPC_SERVICE: "S3",
            names.RPC_METHOD: operation,
            names.CLOUD_REGION: self._region,
            names.AWS_S3_BUCKET: self.name,
            names.AWS_S3_KEY: key,
        }
        with telemetry.span(f"S3.{operation}", kind="client", attributes=attributes) as span:
            await faults.point("aws", operation)
            answer = await self._send(method, f"{self._base}/{quote(key)}", body, headers or {})
            if answer.status >= 500:
                raise DependencyUnavailable("S3 is not available.")
            if answer.status >= 300 and not (answer.status == 404 and key and method in ("GET", "HEAD")):
                span.fail(str(answer.status))
                raise AwsError("s3", operation, answer.status, str(answer.status), "", {})
            return answer

    async def _send(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> Response:
        parts = urlsplit(url)
        signed = {
            "host": parts.netloc,
            "x-amz-content-sha256": hashlib.sha256(body).hexdigest(),
            **headers,
        }
        sign(signed, parts.path, body, region=self._region, service="s3", credentials=credentials(), method=method)
        try:
            return await self._client.request(method, url, headers=signed, body=body, max_body=LARGEST)
        except TimedOut as error:
            raise DependencyTimeout("S3 did not answer in time.") from error
        except WireError as error:
            raise DependencyUnavailable("S3 cannot be reached.") from error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._client.aclose()
