"""A service's DynamoDB table: plain Python values in and out, writes as values that one transaction takes together.

Keys are `pk` and `sk`. What is announced goes into the same transaction as an outbox item, which the table's stream
hands to the service's relay function.
"""

import asyncio
import base64
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import uuid4

from shop.contracts.messages import Envelope
from shop.kernel.clock import now, stamp
from shop.kernel.errors import DependencyUnavailable
from shop.runtime.aws import Aws, AwsError
from shop.runtime.bus import caused_here, pack

__all__ = ["OUTBOX", "ConditionFailed", "Found", "Item", "Table", "Write", "outbox_item", "read", "seen_item", "wire"]

Item = dict[str, Any]
OUTBOX = "OUTBOX#"
OUTBOX_SHARD = "outbox"  # the index's one partition: what is left behind is little
CONFLICT_ATTEMPTS = 12
LONGEST_PK, LONGEST_SK = 2048, 1024  # bytes: nothing is called by a longer name, and to ask for one is an error


class ConditionFailed(Exception):
    """A condition did not hold, so nothing was written. `items` has, by index of the write, what is there instead."""

    def __init__(self, items: dict[int, Item | None]) -> None:
        self.items = items
        super().__init__(f"writes {sorted(items)} met another state")

    @property
    def item(self) -> Item | None:
        """What stands where the first refused write would have gone."""
        return self.items[min(self.items)]


@dataclass(frozen=True, slots=True)
class Write:
    """One write, alone or as part of a transaction."""

    kind: Literal["Put", "Update", "Delete", "ConditionCheck"]
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a query. `start` is where the next one begins (None: this was the last), as a plain key."""

    items: list[Item]
    start: Item | None


class Table:
    """One table. Conditions and updates are DynamoDB expressions; `values` and `names` come without `:` and `#`."""

    def __init__(self, aws: Aws, name: str) -> None:
        self.aws, self.name = aws, name

    async def get(self, pk: str, sk: str, *, consistent: bool = True) -> Item | None:
        """The item, or None."""
        if len(pk.encode()) > LONGEST_PK or len(sk.encode()) > LONGEST_SK:
            return None
        answer = await self.aws.call(
            "dynamodb", "GetItem", TableName=self.name, Key=wire({"pk": pk, "sk": sk}), ConsistentRead=consistent
        )
        return read(answer["Item"]) if "Item" in answer else None

    async def get_many(self, keys: Iterable[tuple[str, str]], *, consistent: bool = True) -> list[Item]:
        """The items that exist among up to 100 keys, in no order."""
        wanted = [wire({"pk": pk, "sk": sk}) for pk, sk in keys]
        found: list[Item] = []
        attempt = 0
        while wanted:
            await _after_throttling(attempt)
            request = {self.name: {"Keys": wanted, "ConsistentRead": consistent}}
            answer = await self.aws.call("dynamodb", "BatchGetItem", RequestItems=request)
            found += [read(item) for item in answer["Responses"].get(self.name, [])]
            left = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            attempt, wanted = 1 if len(left) < len(wanted) else attempt + 1, left
        return found

    async def write_many(self, requests: Sequence[dict[str, Any]]) -> None:
        """Put or delete up to 25 items, each for itself, as BatchWriteItem takes them."""
        left, attempt = list(requests), 0
        while left:
            await _after_throttling(attempt)
            answer = await self.aws.call("dynamodb", "BatchWriteItem", RequestItems={self.name: left})
            rest = answer.get("UnprocessedItems", {}).get(self.name, [])
            attempt, left = 1 if len(rest) < len(left) else attempt + 1, rest

    async def query(
        self,
        pk: str,
        *,
        prefix: str = "",
        below: str | None = None,
        index: tuple[str, str, str] | None = None,
        limit: int = 100,
        forward: bool = True,
        start: Item | None = None,
        consistent: bool = False,
    ) -> Found:
        """A page of a partition, by sort key: those that begin with `prefix`, or those at or below `below`.

        `index` is (index name, its partition attribute, its sort attribute).
        """
        if len(pk.encode()) > LONGEST_PK:
            return Found([], None)
        index_name, partition, sort = index or (None, "pk", "sk")
        request: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": "#pk = :pk",
            "ExpressionAttributeNames": {"#pk": partition},
            "ExpressionAttributeValues": wire({":pk": pk}),
            "Limit": limit + 1,  # DynamoDB itself names a next page after the last item, too, when that fills this one
            "ScanIndexForward": forward,
        }
        if prefix or below is not None:
            request["KeyConditionExpression"] += " and begins_with(#sk, :sk)" if below is None else " and #sk <= :sk"
            request["ExpressionAttributeNames"]["#sk"] = sort
            request["ExpressionAttributeValues"] |= wire({":sk": prefix if below is None else below})
        if index_name:
            request["IndexName"] = index_name
        elif consistent:
            request["ConsistentRead"] = True
        if start:
            request["ExclusiveStartKey"] = wire(start)
        answer = await self.aws.call("dynamodb", "Query", **request)
        items, last = [read(item) for item in answer["Items"]], answer.get("LastEvaluatedKey")
        if len(items) > limit:
            items = items[:limit]
            return Found(items, {name: items[-1][name] for name in ("pk", "sk", partition, sort)})
        return Found(items, read(last) if last else None)

    async def count(self, pk: str, *, index: tuple[str, str, str]) -> int:
        """How many items a partition of an index has; costs as much as reading them."""
        return sum([int(answer["Count"]) async for answer in self._whole(pk, index, {"Select": "COUNT"})])

    async def count_by(self, attribute: str, pk: str, *, index: tuple[str, str, str]) -> Counter[Any]:
        """How many items a partition of an index has, by the value of an attribute (None: without it)."""
        only = {"ProjectionExpression": "#of", "ExpressionAttributeNames": {"#of": attribute}}
        pages = self._whole(pk, index, only)
        return Counter([read(item).get(attribute) async for page in pages for item in page["Items"]])

    async def _whole(self, pk: str, index: tuple[str, str, str], more: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """The answers to a query of a whole partition of an index."""
        name, partition, _ = index
        request: dict[str, Any] = {"TableName": self.name, "IndexName": name} | more
        request |= {"KeyConditionExpression": "#pk = :pk", "ExpressionAttributeValues": wire({":pk": pk})}
        request["ExpressionAttributeNames"] = {"#pk": partition} | more.get("ExpressionAttributeNames", {})
        while True:
            answer = await self.aws.call("dynamodb", "Query", **request)
            yield answer
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def put(self, item: Item, *, condition: str | None = None, **expression: Mapping[str, Any]) -> Write:
        """Write `item` whole. A condition of `attribute_not_exists(pk)` makes it an insert."""
        return Write("Put", {"TableName": self.name, "Item": wire(item)} | self._expression(condition, **expression))

    def update(
        self, pk: str, sk: str, expression: str, *, condition: str | None = None, **more: Mapping[str, Any]
    ) -> Write:
        """Change attributes in place, such as `SET onHand = onHand + :n`; makes the item when there is none."""
        parameters = {"TableName": self.name, "Key": wire({"pk": pk, "sk": sk}), "UpdateExpression": expression}
        return Write("Update", parameters | self._expression(condition, **more))

    def delete(self, pk: str, sk: str, *, condition: str | None = None, **expression: Mapping[str, Any]) -> Write:
        """Remove the item, if it is there."""
        parameters = {"TableName": self.name, "Key": wire({"pk": pk, "sk": sk})}
        return Write("Delete", parameters | self._expression(condition, **expression))

    def check(self, pk: str, sk: str, condition: str, **expression: Mapping[str, Any]) -> Write:
        """Part of a transaction that changes nothing, but whose condition must hold."""
        parameters = {"TableName": self.name, "Key": wire({"pk": pk, "sk": sk})}
        return Write("ConditionCheck", parameters | self._expression(condition, **expression))

    @staticmethod
    def _expression(
        condition: str | None, values: Mapping[str, Any] | None = None, names: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        parameters: dict[str, Any] = {}
        if condition:
            parameters["ConditionExpression"] = condition
            parameters["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        if values:
            parameters["ExpressionAttributeValues"] = wire({f":{name}": value for name, value in values.items()})
        if names:
            parameters["ExpressionAttributeNames"] = {f"#{name}": attribute for name, attribute in names.items()}
        return parameters

    async def write(self, write: Write) -> Item | None:
        """Do one write. An update returns the item as it is now. Raises ConditionFailed."""
        parameters = dict(write.parameters)
        if write.kind == "Update":
            parameters["ReturnValues"] = "ALL_NEW"
        for attempt in range(1, CONFLICT_ATTEMPTS + 1):
            try:
                answer = await self.aws.call("dynamodb", f"{write.kind}Item", **parameters)
            except AwsError as error:
                if error.code == "ConditionalCheckFailedException":
                    there = error.body.get("Item")
                    raise ConditionFailed({0: read(there) if there else None}) from error
                if error.code != "TransactionConflictException":
                    raise
                await _wait(attempt)
            else:
                return read(answer["Attributes"]) if "Attributes" in answer else None
        raise DependencyUnavailable("The item is being changed by too many at once.")

    async def transact(self, *writes: Write) -> None:
        """Do all writes or none (at most 100). Raises ConditionFailed; conflicts with others are tried again.

        A repeat after a lost answer carries the same token, so that DynamoDB does not do it twice.
        """
        token = str(uuid4())
        items = [{write.kind: write.parameters} for write in writes]
        for attempt in range(1, CONFLICT_ATTEMPTS + 1):
            try:
                await self.aws.call("dynamodb", "TransactWriteItems", TransactItems=items, ClientRequestToken=token)
            except AwsError as error:
                if error.code == "TransactionInProgressException":
                    await _wait(attempt)
                    continue
                if error.code != "TransactionCanceledException":
                    raise
                # A conflict says nothing about the conditions: only a refusal without one is an answer.
                reasons = {reason.get("Code") for reason in error.cancellation_reasons}
                if reasons & {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}:
                    token = str(uuid4())  # a cancelled transaction's token is spent
                    await _wait(attempt)
                    continue
                raise _refusal(error) from error
            else:
                return
        raise DependencyUnavailable("The items are being changed by too many at once.")


def _refusal(error: AwsError) -> Exception:
    """ConditionFailed for refused conditions; anything else (a validation error) is a bug and stays what it is."""
    failed = {
        index: read(reason["Item"]) if reason.get("Item") else None
        for index, reason in enumerate(error.cancellation_reasons)
        if reason.get("Code") == "ConditionalCheckFailed"
    }
    return ConditionFailed(failed) if failed else error


async def _after_throttling(attempt: int) -> None:
    """Wait before what a batch has left is asked for again. Raises DependencyUnavailable when nothing gets through."""
    if attempt > CONFLICT_ATTEMPTS:
        raise DependencyUnavailable("DynamoDB takes no more at the moment.")
    if attempt:
        await _wait(attempt)


async def _wait(attempt: int) -> None:
    await asyncio.sleep(random.uniform(0, min(0.4, 0.005 * 2**attempt)))  # noqa: S311 - jitter, no secret


def outbox_item(first: Envelope[Any], *more: Envelope[Any]) -> Item:
    """What the relay function announces once this item's transaction is committed, in this order, and then deletes.

    Raises Unsendable for a message that breaks its contract.
    """
    return {
        "pk": OUTBOX + first.metadata.event_id,
        "sk": "OUTBOX",
        "messages": [pack(caused_here(message)).body for message in (first, *more)],
        "outboxShard": OUTBOX_SHARD,
        "outboxAt": stamp(),
    }


def seen_item(consumer: str, event_id: str, *, days: int = 14) -> Item:
    """That `consumer` has handled this event: put with `attribute_not_exists(pk)` in the transaction of its effect."""
    return {"pk": f"SEEN#{consumer}#{event_id}", "sk": "SEEN", "expiresAt": int(now().timestamp()) + days * 86_400}


# --------------------------------------------------------------------------------------------------- attribute values


def wire(item: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values as DynamoDB's JSON has them."""
    return {name: _wire(value) for name, value in item.items()}


def _wire(value: Any) -> dict[str, Any]:
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": repr(value)}
        case None:
            return {"NULL": True}
        case bytes():
            return {"B": base64.b64encode(value).decode()}
        case dict():
            return {"M": wire(value)}
        case list() | tuple():
            return {"L": [_wire(member) for member in value]}
    raise TypeError(f"DynamoDB has no type for {type(value).__name__}")


def read(item: Mapping[str, Any]) -> Item:
    """DynamoDB's JSON as plain values."""
    return {name: _read(value) for name, value in item.items()}


def _read(value: dict[str, Any]) -> Any:
    ((kind, content),) = value.items()
    match kind:
        case "S" | "BOOL":
            return content
        case "N":
            return int(content) if content.lstrip("-").isdigit() else float(content)
        case "NULL":
            return None
        case "B":
            return base64.b64decode(content)
        case "M":
            return read(content)
        case "L":
            return [_read(member) for member in content]
        case "SS":
            return set(content)
    raise TypeError(f"unexpected DynamoDB type {kind}")
