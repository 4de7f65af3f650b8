"""Pictures from the presigned upload to what is shown, with the worker as a process; and whatever goes wrong there."""

import asyncio
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.support import pictures
from tests.support.client import until
from tests.support.otlp import Receiver
from tests.support.pictures import JPEG, PNG, WEBP, corners, photo, with_exif

from shop.contracts.events import StockChanged
from shop.contracts.messages import encode, envelope
from shop.runtime.aws import Aws, AwsSettings
from shop.runtime.queues import Queues
from shop.runtime.s3 import Bucket

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@contextmanager
def working(catalog, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """The worker, as a process."""
    settings = catalog.account.environment() | {"DATABASE_URL": catalog.dsn, "OTEL_SDK_DISABLED": "true"} | environment
    command = [sys.executable, "-m", "shop.runtime.worker", "shop.catalog.app:worker"]
    process = subprocess.Popen(command, env=os.environ | settings, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def collector() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def worker(catalog, collector):
    """One for all tests that need nothing else of it."""
    with working(
        catalog, OTEL_SDK_DISABLED="false", OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint, EXPORT_EVERY="100ms"
    ) as process:
        yield process


@pytest.fixture(scope="module")
def s3(run, catalog):
    """The bucket, seen with the service's own eyes."""
    access = catalog.account.access
    settings = AwsSettings(aws_region=access.region, aws_endpoint_url=access.endpoint)
    bucket = Bucket(catalog.account.environment()["IMAGES_BUCKET"], settings)
    yield bucket
    run(bucket.__aexit__())


@pytest.fixture(scope="module")
def queues(run, catalog):
    access = catalog.account.access
    aws = Aws(AwsSettings(aws_region=access.region, aws_endpoint_url=access.endpoint))
    yield Queues(aws, access.queue_url_prefix)
    run(aws.aclose())


async def request(catalog, product, file: bytes, content_type: str = JPEG, **more: Any) -> dict[str, Any]:
    """Ask for an upload."""
    body = {"fileName": "写真.jpg", "contentType": content_type, "size": len(file)}
    answer = await catalog.api.call("POST", f"/products/{product['id']}/images", body, token=catalog.admin, **more)
    assert answer.status == 201, answer.body
    return dict(answer.json)


def put(upload: dict[str, Any], file: bytes, **changes: str) -> int:
    """Upload as a client does; the status."""
    url = urlsplit(upload["url"])
    connection = http.client.HTTPConnection(url.netloc, timeout=30)
    connection.request(upload["method"], f"{url.path}?{url.query}", file, upload["headers"] | changes)
    status = connection.getresponse().status
    connection.close()
    return status


async def image_of(catalog, product, image_id: str) -> dict[str, Any] | None:
    items = (await catalog.get(f"/products/{product['id']}/images", token=catalog.admin)).json["items"]
    return next((item for item in items if item["id"] == image_id), None)


def settled(run, catalog, product, image_id: str, **more: Any) -> dict[str, Any]:
    """The image once the worker has looked at it."""

    def seen() -> dict[str, Any] | None:
        image = run(image_of(catalog, product, image_id))
        return image if image and image["status"] != "pending" else None

    found: dict[str, Any] = until(seen, seconds=60, **more)
    return found


def uploaded(run, catalog, file: bytes, content_type: str = JPEG) -> tuple[dict[str, Any], dict[str, Any]]:
    """A product, and its picture when it is settled."""
    product = run(catalog.create())
    asked = run(request(catalog, product, file, content_type))
    assert put(asked["upload"], file) == 200
    return product, settled(run, catalog, product, asked["imageId"])


@pytest.mark.parametrize("content_type", [JPEG, PNG, WEBP])
def test_an_uploaded_picture_is_shown_upright_in_three_sizes(run, catalog, worker, s3, content_type):
    file = photo(content_type, exif=with_exif(6))
    product, image = uploaded(run, catalog, file, content_type)
    path = f"/products/{product['id']}"
    base = f"{path}/images/{image['id']}"
    assert image == {
        "id": image["id"],
        "status": "ready",
        "error": None,
        "url": f"{base}/original",
        "thumbnails": {"small": f"{base}/small", "medium": f"{base}/medium"},
        "width": 800,
        "height": 1200,
        "contentType": content_type,
        "alt": product["name"],
    }
    for url in (image["url"], *image["thumbnails"].values()):
        shown = run(catalog.get(url))
        assert (shown.status, shown.headers["content-type"]) == (200, content_type)
        assert b"SECRET" not in shown.body
        assert corners(shown.body)["top right"] == "red"
    detail = run(catalog.get(path)).json
    assert (detail["images"], detail["version"]) == ([image], 1)
    assert run(catalog.get(path, headers={"accept-language": "en"})).json["images"][0]["alt"] == "Iron frying pan 26 cm"
    assert next(each for each in run(catalog.get("/products?limit=100")).json["items"] if each == detail)
    noted = run(catalog.sql("select 1 from product_changes where product_id = $1", product["id"]))
    assert len(noted) == 2, "the search index reads it again"
    until(lambda: run(s3.head(f"uploads/{image['id']}")) is None)


def test_an_upload_is_one_trace_with_the_request_that_allowed_it(run, catalog, worker, collector):
    product, file = run(catalog.create()), photo()
    cause = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "x-synthetic": "test"}
    asked = run(request(catalog, product, file, headers=cause))
    carried = asked["upload"]["headers"]["x-amz-meta-traceparent"]
    assert carried.startswith(f"00-{TRACE}-")
    assert "x-amz-meta-traceparent" in parse_qs(urlsplit(asked["upload"]["url"]).query)["X-Amz-SignedHeaders"][0]
    assert put(asked["upload"], file) == 200
    settled(run, catalog, product, asked["imageId"])

    def processed():
        return [span for span in collector.trace(TRACE) if span.name == "process catalog-images"]

    [span] = collector.wait(processed, timeout=30)
    assert (span.kind, span.parent_id, span.status) == ("consumer", carried.split("-")[2], "unset")
    assert len(span.links) == 1
    below = [each for each in collector.trace(TRACE) if each.name.startswith("S3.")]
    assert {each.name for each in below} >= {"S3.GetObject", "S3.PutObject", "S3.DeleteObject"}
    assert {each.attributes.get("user_agent.synthetic.type") for each in (span, *below)} == {"test"}


def test_s3_takes_nothing_but_what_was_announced(run, catalog, s3):
    product, file = run(catalog.create()), photo()
    asked = run(request(catalog, product, file))
    upload = asked["upload"]
    assert upload["method"] == "PUT"
    query = parse_qs(urlsplit(upload["url"]).query)
    assert (query["X-Amz-Expires"], query["X-Amz-Algorithm"]) == (["900"], ["AWS4-HMAC-SHA256"])
    assert put(upload, file + b"0") == 403
    assert put(upload, file, **{"content-type": "text/html"}) == 403
    assert put(upload, file, **{"x-amz-meta-traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}) == 403
    assert put(upload | {"url": upload["url"].replace(asked["imageId"], "another")}, file) == 403
    assert put(upload | {"url": upload["url"].replace("X-Amz-Expires=900", "X-Amz-Expires=604800")}, file) == 403
    assert put(upload | {"method": "DELETE"}, b"") == 403
    assert run(s3.head(f"uploads/{asked['imageId']}")) is None


@pytest.mark.parametrize(
    ("file", "declared", "word"),
    [
        (b"<html><script>alert(1)</script></html>", JPEG, "JPEG"),
        (photo()[:5_000], JPEG, "damaged"),
        (pictures.bomb(8_000, 8_000), PNG, "megapixels"),
    ],
    ids=["a page", "half a picture", "a bomb"],
)
def test_what_is_no_picture_has_failed_and_says_why(run, catalog, worker, s3, file, declared, word):
    product, image = uploaded(run, catalog, file, declared)
    assert (image["status"], image["url"], image["thumbnails"]) == ("failed", None, None)
    english = run(catalog.get(f"/products/{product['id']}/images", headers={"accept-language": "en"})).json["items"]
    assert word in english[0]["error"]
    assert image["error"] != english[0]["error"]
    assert run(catalog.get(f"/products/{product['id']}")).json["images"] == []
    until(lambda: run(s3.head(f"uploads/{image['id']}")) is None)


def test_the_real_bytes_decide_the_type(run, catalog, worker):
    _, image = uploaded(run, catalog, photo(PNG), JPEG)
    assert (image["status"], image["contentType"]) == ("ready", PNG)
    assert run(catalog.get(image["url"])).headers["content-type"] == PNG


def test_a_picture_takes_its_objects_along_when_it_goes(run, catalog, worker, s3):
    product, image = uploaded(run, catalog, photo())
    [row] = run(catalog.sql("select folder from images where id = $1", image["id"]))
    keys = [f"{row['folder']}/{size}" for size in ("original", "medium", "small")]
    assert all(run(s3.head(key)) for key in keys)
    path = f"/products/{product['id']}/images/{image['id']}"
    assert run(catalog.api.call("DELETE", path, token=catalog.admin)).status == 204
    assert run(catalog.get(image["url"])).status == 404
    assert run(catalog.get(f"/products/{product['id']}")).json["images"] == []
    again = run(catalog.api.call("DELETE", path, token=catalog.admin))
    assert (again.status, again.code) == (404, "IMAGE_NOT_FOUND")
    until(lambda: not any(run(s3.head(key)) for key in keys))


def test_a_deleted_product_takes_its_pictures_along(run, catalog, worker, s3):
    product, image = uploaded(run, catalog, photo())
    [row] = run(catalog.sql("select folder from images where id = $1", image["id"]))
    run(catalog.api.call("DELETE", f"/products/{product['id']}", token=catalog.admin))
    assert run(catalog.get(image["url"], token=catalog.admin)).status == 404
    until(lambda: run(s3.head(f"{row['folder']}/original")) is None)


def test_a_picture_that_many_products_share_stays_for_the_others(run, catalog, worker, s3):
    async def story():
        await s3.put("seed/mug-1/small", b"<svg/>", "image/svg+xml")
        for number in (1, 2):
            product = await catalog.create()
            await catalog.sql(
                "insert into images (id, product_id, status, folder, content_type, width, height, created_at) "
                "values ($1, $2, 'ready', 'seed/mug-1', 'image/svg+xml', 9, 9, now())",
                f"shared-{number}",
                product["id"],
            )
        gone = await catalog.api.call("DELETE", f"/products/{product['id']}/images/shared-2", token=catalog.admin)
        assert gone.status == 204
        assert await catalog.sql("select 1 from image_removals where place like 'seed%'") == []

    run(story())


def test_ten_pictures_are_the_limit_those_to_come_included(run, catalog):
    async def story():
        product = await catalog.create()
        path, body = f"/products/{product['id']}/images", {"fileName": "x.png", "contentType": PNG, "size": 10}
        answers = await asyncio.gather(*(catalog.api.call("POST", path, body, token=catalog.admin) for _ in range(14)))
        assert sorted(answer.status for answer in answers) == [201] * 10 + [409] * 4
        assert {answer.code for answer in answers if answer.status == 409} == {"IMAGE_LIMIT"}
        first = (await catalog.get(path)).json["items"][0]
        assert (first["status"], first["url"], first["contentType"]) == ("pending", None, PNG)
        assert (await catalog.api.call("DELETE", f"{path}/{first['id']}", token=catalog.admin)).status == 204
        assert (await catalog.api.call("POST", path, body, token=catalog.admin)).status == 201

    run(story())


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"contentType": "image/gif"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"contentType": "image/svg+xml"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"size": 10 * 1024 * 1024 + 1}, 413, "PAYLOAD_TOO_LARGE"),
        ({"size": 10 * 1024 * 1024}, 201, None),
        ({"contentType": "image/WebP"}, 201, None),
        ({"size": 0}, 422, "VALIDATION_FAILED"),
        ({"size": "10"}, 422, "VALIDATION_FAILED"),
        ({"fileName": "x" * 101}, 422, "VALIDATION_FAILED"),
        ({"fileName": None}, 422, "VALIDATION_FAILED"),
        ({"contentType": 7}, 422, "VALIDATION_FAILED"),
        ({"alt": "x"}, 422, "VALIDATION_FAILED"),
    ],
    ids=str,
)
def test_only_pictures_up_to_ten_megabytes_may_be_announced(run, catalog, changes, status, code):
    async def story():
        product = await catalog.create()
        body = {"fileName": "x.jpg", "contentType": JPEG, "size": 10} | changes
        answer = await catalog.api.call("POST", f"/products/{product['id']}/images", body, token=catalog.admin)
        assert (answer.status, answer.code) == (status, code)
        for token, refused in ((None, 401), (catalog.customer, 403)):
            other = await catalog.api.call("POST", f"/products/{product['id']}/images", body, token=token)
            assert other.status == refused
        absent = await catalog.api.call("POST", "/products/none/images", body, token=catalog.admin)
        assert absent.status == (404 if status == 201 else status)

    run(story())


def test_an_upload_of_a_picture_that_was_deleted_meanwhile_is_thrown_away(run, catalog, worker, s3):
    product, file = run(catalog.create()), photo()
    asked = run(request(catalog, product, file))
    path = f"/products/{product['id']}/images/{asked['imageId']}"
    assert run(catalog.api.call("DELETE", path, token=catalog.admin)).status == 204
    until(lambda: not run(catalog.sql("select 1 from image_removals")))
    assert put(asked["upload"], file) == 200
    until(lambda: run(s3.head(f"uploads/{asked['imageId']}")) is None)
    assert run(image_of(catalog, product, asked["imageId"])) is None


def test_what_is_never_uploaded_fails_and_is_forgotten_in_the_end(run, catalog):
    product = run(catalog.create())
    asked = run(request(catalog, product, photo()))
    age = "update images set created_at = now() - $2::text::interval where id = $1"
    run(catalog.sql(age, asked["imageId"], "61 minutes"))
    with working(catalog):
        image = settled(run, catalog, product, asked["imageId"])
        assert (image["status"], image["error"]) == ("failed", "期限までにアップロードされませんでした")
    run(catalog.sql(age, asked["imageId"], "25 hours"))
    with working(catalog):
        until(lambda: run(image_of(catalog, product, asked["imageId"])) is None, seconds=60)


def notification(bucket: str, key: str, name: str = "ObjectCreated:Put") -> str:
    """As S3 tells of an object."""
    return json.dumps({"Records": [{"eventName": name, "s3": {"bucket": {"name": bucket}, "object": {"key": key}}}]})


def test_an_event_that_comes_twice_or_late_changes_nothing(run, catalog, worker, queues):
    _, image = uploaded(run, catalog, photo())
    before = run(catalog.sql("select * from images where id = $1", image["id"]))
    bucket = catalog.account.environment()["IMAGES_BUCKET"]
    for key in (f"uploads/{image['id']}", "uploads/never-was", "uploads/%E7%94%BB+1"):
        run(send(queues, notification(bucket, key)))
    until(lambda: run(at_rest(queues)))
    assert run(catalog.sql("select * from images where id = $1", image["id"])) == before
    assert run(queues.receive("catalog-images-dlq", wait=0)) == []


def test_what_cannot_be_understood_goes_to_the_dead_letters_and_s3s_test_does_not(run, catalog, worker, queues):
    bucket = catalog.account.environment()["IMAGES_BUCKET"]
    stock = envelope(
        StockChanged(product_id="p", available=1, status="IN_STOCK"), aggregate_id="p", aggregate_version=1
    )
    bad = [
        "no json",
        "[]",
        "{}",
        json.dumps({"Records": [{"eventName": "ObjectCreated:Put"}]}),
        notification(bucket, "pictures/x/original"),
        notification(bucket, "uploads/"),
        notification(bucket, "uploads/%00"),
        notification("another-bucket", "uploads/x"),
        notification(bucket, "uploads/x", "ObjectRemoved:Delete"),
        encode(stock).decode(),
    ]
    run(send(queues, json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": bucket})))
    for body in bad:
        run(send(queues, body))
    buried: dict[str, str] = {}

    def all_buried():
        for message in run(queues.receive("catalog-images-dlq", wait=0)):
            buried[message.body] = message.attributes["reason"]
            run(queues.delete("catalog-images-dlq", [message]))
        return len(buried) == len(bad)

    until(all_buried, seconds=60)
    assert buried.keys() == set(bad)
    assert all(buried.values())
    until(lambda: run(at_rest(queues)))


async def send(queues: Queues, body: str) -> None:
    await queues._aws.call("sqs", "SendMessage", QueueUrl=queues._prefix + "catalog-images", MessageBody=body)


async def at_rest(queues: Queues) -> bool:
    """Whether no message is waiting or in hand."""
    wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = await queues._aws.call(
        "sqs", "GetQueueAttributes", QueueUrl=queues._prefix + "catalog-images", AttributeNames=wanted
    )
    return all(answer["Attributes"][name] == "0" for name in wanted)


def test_a_worker_may_be_killed_at_any_moment(run, catalog, queues, s3):
    async def give_out_again_after(seconds: int) -> None:
        url = queues._prefix + "catalog-images"
        attributes = {"VisibilityTimeout": str(seconds)}
        await queues._aws.call("sqs", "SetQueueAttributes", QueueUrl=url, Attributes=attributes)

    run(give_out_again_after(2))  # what a killed worker had in hand comes back after this
    product, file = run(catalog.create()), photo(PNG, (1500, 1500))
    asked = [run(request(catalog, product, file, PNG)) for _ in range(6)]
    for each in asked:
        assert put(each["upload"], file) == 200
    for moment in (0.05, 0.3):  # after its start: with pictures in hand, at different stages
        with working(catalog) as doomed:
            until(lambda: not run(waiting(queues)), seconds=60, every=0.005)
            time.sleep(moment)
            doomed.kill()
    with working(catalog):
        images = [settled(run, catalog, product, each["imageId"]) for each in asked]
        assert {image["status"] for image in images} == {"ready"}
        until(lambda: not any(run(s3.head(f"uploads/{each['imageId']}")) for each in asked), seconds=60)
        until(lambda: run(at_rest(queues)), seconds=60)
    shown = run(catalog.get(f"/products/{product['id']}")).json["images"]
    assert sorted(image["id"] for image in shown) == sorted(each["imageId"] for each in asked)
    for image in shown:
        assert run(catalog.get(image["thumbnails"]["small"])).status == 200
    run(give_out_again_after(60))


async def waiting(queues: Queues) -> bool:
    """Whether nobody has taken a message yet."""
    answer = await queues._aws.call(
        "sqs",
        "GetQueueAttributes",
        QueueUrl=queues._prefix + "catalog-images",
        AttributeNames=["ApproximateNumberOfMessagesNotVisible"],
    )
    return bool(answer["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "0")
