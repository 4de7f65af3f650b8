"""The servers that the tests of all services stand on."""

import json
from collections.abc import Callable
from typing import Any

import asyncpg
import boto3
from tests.support.account import Account


def client(emulator: Account, service: str) -> Any:
    access = emulator.access
    return boto3.client(
        service,
        endpoint_url=access.endpoint,
        region_name=access.region,
        aws_access_key_id=access.account,
        aws_secret_access_key=access.secret,
    )


def test_postgres_knows_japanese_trigrams(database: str, run: Callable[..., Any]) -> None:
    async def trigrams() -> Any:
        connection = await asyncpg.connect(database)
        await connection.execute("CREATE EXTENSION pg_trgm")
        found = await connection.fetchval("SELECT show_trgm('珈琲豆')")
        await connection.close()
        return found

    assert len(run(trigrams())) == 4


def test_an_event_on_the_bus_arrives_on_the_queue_as_its_bare_envelope(emulator: Account) -> None:
    envelope = {"metadata": {"type": "StockChanged"}, "data": {"available": 3}}
    entry = {
        "EventBusName": "shop",
        "Source": "shop.inventory",
        "DetailType": "StockChanged",
        "Detail": json.dumps(envelope),
    }
    client(emulator, "events").put_events(Entries=[entry])
    received = client(emulator, "sqs").receive_message(QueueUrl=emulator.queue_url("catalog-events"), WaitTimeSeconds=5)
    assert [json.loads(message["Body"]) for message in received["Messages"]] == [envelope]
