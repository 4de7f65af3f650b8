"""Stacks, made, changed and taken away with CloudFormation, and followed until they stand still.

Whatever state a stack was left in, by this command or by another: the same call brings it where it should be. So an
interrupted deployment is gone on with by deploying again.
"""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from botocore import exceptions as aws

from shop.deploy.aws.account import AwsAccount, code_of, said
from shop.deploy.aws.advice import advice
from shop.deploy.aws.assembly import Stack
from shop.deploy.aws.progress import Line, Screen
from shop.local.errors import Failed
from shop.local.language import say

__all__ = ["Known", "apply", "delete", "find", "outputs", "settle"]

PAUSE: Final = 2.0  # seconds between two looks
NEVER_MADE = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}  # can only be deleted
BEGIN: Final = 60  # looks for a deletion to show


@dataclass(frozen=True, slots=True)
class Known:
    """A stack that is there."""

    name: str
    id: str
    status: str
    reason: str
    tags: dict[str, str]
    outputs: dict[str, str]
    created: Any

    @property
    def moves(self) -> bool:
        """Whether CloudFormation works on it."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"


def known(told: dict[str, Any]) -> Known:
    """An answer of DescribeStacks."""
    return Known(
        told["StackName"],
        told["StackId"],
        told["StackStatus"],
        told.get("StackStatusReason", ""),
        {tag["Key"]: tag["Value"] for tag in told.get("Tags", ())},
        {output["OutputKey"]: output["OutputValue"] for output in told.get("Outputs", ())},
        told["CreationTime"],
    )


def find(account: AwsAccount, name: str) -> Known | None:
    """The stack of this name or id; None when there is none (a deleted one is found by its id)."""
    try:
        return known(account.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0])
    except aws.ClientError as error:
        if code_of(error) == "ValidationError" and "does not exist" in said(error):
            return None
        raise


def outputs(account: AwsAccount, name: str) -> dict[str, str]:
    """What a stack tells of itself. Failed when it is not there."""
    stack = find(account, name)
    if stack is None:
        raise Failed(say(f"スタック {name} がありません", f"there is no stack {name}"))
    return stack.outputs


def apply(account: AwsAccount, screen: Screen, stack: Stack, bucket: str | None) -> Known:
    """Make the stack what its template says. `bucket`: where its template is; None: it is short enough to be sent."""
    short = stack.name.removeprefix("shop-")
    with screen.line(short) as line:
        there = settle(account, line, stack.name)
        if there is not None and there.status in NEVER_MADE:
            line.at(
                0, 1, say(f"失敗した残り ({there.status}) を片付けています", f"removing what failed ({there.status})")
            )
            delete(account, screen, there)
            there = None
        fresh = there is None or there.status == "REVIEW_IN_PROGRESS"
        change = propose(account, stack, bucket, fresh=fresh)
        if change is None:
            line.done(say("変更なし", "unchanged"))
            return there or found(account, stack.name)
        execute(account, line, stack.name, change)
        now = found(account, stack.name)
        if now.status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            raise failure(account, now)
        line.done(
            say(f"完了 (リソース {change.resources} 件)", f"done ({change.resources} resources)")
            if now.status == "CREATE_COMPLETE"
            else say(f"更新しました ({change.resources} 件)", f"updated ({change.resources} changes)")
        )
        return now


def found(account: AwsAccount, name: str) -> Known:
    """A stack that must be there."""
    stack = find(account, name)
    if stack is None:
        raise Failed(say(f"スタック {name} がなくなりました", f"the stack {name} has gone away"))
    return stack


def settle(account: AwsAccount, line: Line, name: str) -> Known | None:
    """Wait while somebody, perhaps a run of ours that was interrupted, is at work on it; mend a rollback that hangs."""
    stack = find(account, name)
    if stack is None:
        return None
    if stack.moves:
        line.at(0, 1, say("前回の処理の終わりを待っています", "waiting for what is going on already"))
        stack = follow(account, line, stack.id, 0)
    if stack is not None and stack.status == "UPDATE_ROLLBACK_FAILED":
        account.client("cloudformation").continue_update_rollback(StackName=stack.id)
        stack = follow(account, line, stack.id, 0)
    return None if stack is None or stack.status == "DELETE_COMPLETE" else stack


@dataclass(frozen=True, slots=True)
class Change:
    """A change set: its id, and how many resources it touches."""

    id: str
    resources: int


def propose(account: AwsAccount, stack: Stack, bucket: str | None, *, fresh: bool) -> Change | None:
    """What CloudFormation would change; None when nothing. Raises Failed."""
    client = account.client("cloudformation")
    body = stack.file.read_text(encoding="utf-8")
    where = {"TemplateBody": body} if bucket is None else {"TemplateURL": url(account, bucket, stack.key)}
    made = client.create_change_set(
        StackName=stack.name,
        ChangeSetName=f"shop-{secrets.token_hex(6)}",
        ChangeSetType="CREATE" if fresh else "UPDATE",
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Tags=[{"Key": key, "Value": value} for key, value in stack.tags.items()],
        **where,
    )
    while True:
        told = client.describe_change_set(ChangeSetName=made["Id"], StackName=made["StackId"])
        if told["Status"] in {"CREATE_COMPLETE", "FAILED"}:
            break
        time.sleep(PAUSE / 2)
    if told["Status"] == "CREATE_COMPLETE":
        pages = account.every("cloudformation", "describe_change_set", "Changes", ChangeSetName=made["Id"])
        return Change(made["Id"], sum(1 for _ in pages))
    client.delete_change_set(ChangeSetName=made["Id"], StackName=made["StackId"])
    reason = told.get("StatusReason", "")
    if "didn't contain changes" in reason or "No updates are to be performed" in reason:
        return None
    raise Failed(f"{stack.name}: {reason}{advice(reason)}")


def url(account: AwsAccount, bucket: str, key: str) -> str:
    """How CloudFormation is told of an object."""
    endpoint = str(account.client("s3").meta.endpoint_url)
    scheme, _, host = endpoint.partition("://")
    return f"{scheme}://{bucket}.{host}/{key}" if "amazonaws.com" in host else f"{endpoint}/{bucket}/{key}"


def execute(account: AwsAccount, line: Line, name: str, change: Change) -> None:
    """Let it happen, and watch. A stack shows only after a moment that it moves: the change set is asked, too."""
    token = change.id.partition("changeSet/")[2].partition("/")[0] or secrets.token_hex(8)
    client = account.client("cloudformation")
    client.execute_change_set(ChangeSetName=change.id, ClientRequestToken=token)
    while not moves(account, name):
        try:
            told = client.describe_change_set(ChangeSetName=change.id)["ExecutionStatus"]
        except aws.ClientError as error:
            if code_of(error) != "ChangeSetNotFound":
                raise
            break  # it was executed, and forgotten
        if told in {"EXECUTE_COMPLETE", "EXECUTE_FAILED", "OBSOLETE"}:
            break
        time.sleep(PAUSE)
    follow(account, line, name, change.resources, token)


def moves(account: AwsAccount, name: str) -> bool:
    """Whether CloudFormation works on it, or is done with it for good."""
    stack = find(account, name)
    return stack is None or stack.moves


def follow(account: AwsAccount, line: Line, name: str, total: int, token: str | None = None) -> Known | None:
    """Watch a stack until it stands still; None when it is gone."""
    done: set[str] = set()
    while True:
        stack = find(account, name)
        if stack is None or not stack.moves:
            return stack
        events = newest(account, name, token)
        done |= {event["LogicalResourceId"] for event in events if event["ResourceStatus"].endswith("_COMPLETE")}
        at = next((e for e in events if e["ResourceStatus"].endswith("_IN_PROGRESS")), None)
        what = f"{at['LogicalResourceId']} ({at['ResourceType']})" if at else stack.status
        line.at(min(len(done), total) if total else len(done), total or len(done) + 1, what)
        time.sleep(PAUSE)


def newest(account: AwsAccount, name: str, token: str | None) -> list[dict[str, Any]]:
    """The last hundred events of a stack, of one run or of any; a stack that has gone meanwhile has none."""
    try:
        told = account.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    except aws.ClientError as error:
        if code_of(error) == "ValidationError":
            return []
        raise
    return [event for event in told if token is None or event.get("ClientRequestToken") in {token, None}]


def last_run(account: AwsAccount, stack_id: str) -> Iterator[dict[str, Any]]:
    """The events of what was done to a stack last, the newest first."""
    for event in account.every("cloudformation", "describe_stack_events", "StackEvents", StackName=stack_id):
        yield event
        if event.get("PhysicalResourceId") == stack_id and event.get("ResourceStatusReason") == "User Initiated":
            return


CONSEQUENCES = ("Resource creation cancelled", "Resource update cancelled", "The following resource(s) failed")


def failure(account: AwsAccount, stack: Known) -> Failed:
    """Why a stack did not become what it should: the first resource that failed of itself, and what to do."""
    wrong = [
        event
        for event in last_run(account, stack.id)
        if event["ResourceStatus"].endswith("_FAILED")
        and not str(event.get("ResourceStatusReason", "")).startswith(CONSEQUENCES)
    ]
    first = wrong[-1] if wrong else None
    reason = first.get("ResourceStatusReason", "") if first else stack.reason
    what = f"{first['LogicalResourceId']} ({first['ResourceType']}): " if first else ""
    return Failed(f"{stack.name} {stack.status}: {what}{reason}{advice(reason)}")


def begun(account: AwsAccount, stack_id: str, token: str) -> None:
    """Wait until a deletion shows: in the stack's state, or in its events."""
    for _ in range(BEGIN):
        if moves(account, stack_id) or any("ClientRequestToken" in e for e in newest(account, stack_id, token)):
            return
        time.sleep(PAUSE / 4)


def delete(account: AwsAccount, screen: Screen, stack: Known) -> list[dict[str, Any]]:
    """Delete it and watch. What could not be deleted, with why; nothing when it is gone."""
    client = account.client("cloudformation")
    with screen.line(stack.name.removeprefix("shop-")) as line:
        total = sum(
            1
            for one in account.every(
                "cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=stack.id
            )
            if one["ResourceStatus"] != "DELETE_COMPLETE"
        )
        token = secrets.token_hex(8)
        try:
            client.delete_stack(StackName=stack.id, ClientRequestToken=token)
        except aws.ClientError as error:
            if code_of(error) != "ValidationError":
                raise
            return [{"LogicalResourceId": stack.name, "ResourceStatusReason": said(error)}]
        begun(account, stack.id, token)
        after = follow(account, line, stack.id, total, token)
        if after is None or after.status == "DELETE_COMPLETE":
            line.done(say(f"削除しました ({total} 件)", f"deleted ({total} resources)"))
            return []
        events = [e for e in newest(account, stack.id, token) if e["ResourceStatus"] == "DELETE_FAILED"]
        return [e for e in events if e["ResourceType"] != "AWS::CloudFormation::Stack"] or [
            {"LogicalResourceId": stack.name, "ResourceStatusReason": after.reason}
        ]
