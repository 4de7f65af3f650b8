"""States that a stack can be met in, as AWS documents them; the emulator, where all is at once, never shows them."""

import io
from datetime import UTC, datetime

import boto3
import pytest
from botocore.stub import ANY, Stubber
from rich.console import Console

from shop.deploy.aws import stacks
from shop.deploy.aws.account import AwsAccount
from shop.deploy.aws.progress import Line, Screen
from shop.local.errors import Failed

NAME, ID = "shop-taro-data", "arn:aws:cloudformation:ap-northeast-1:123456789012:stack/shop-taro-data/1"


@pytest.fixture
def account(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setattr(stacks, "PAUSE", 0)
    return AwsAccount(
        boto3.Session(region_name="ap-northeast-1"), "123456789012", "arn:aws:iam::123456789012:user/taro"
    )


@pytest.fixture
def cloudformation(account):
    with Stubber(account.client("cloudformation")) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.fixture
def line():
    return Line(Screen(Console(file=io.StringIO())), "data", None, None)


def is_in(status, reason=""):
    """What DescribeStacks answers."""
    told = {"StackName": NAME, "StackId": ID, "StackStatus": status, "CreationTime": datetime.now(UTC)}
    return "describe_stacks", {"Stacks": [told | ({"StackStatusReason": reason} if reason else {})]}


def event(resource, status, reason="", token=None, kind="AWS::RDS::DBInstance"):
    """One of DescribeStackEvents' answers."""
    told = {
        "StackId": ID, "EventId": f"{resource}-{status}", "StackName": NAME, "LogicalResourceId": resource,
        "PhysicalResourceId": ID if resource == NAME else resource, "ResourceType": kind,
        "Timestamp": datetime.now(UTC), "ResourceStatus": status, "ResourceStatusReason": reason,
    }  # fmt: skip
    return told | ({"ClientRequestToken": token} if token else {})


def events(*told, **more):
    return "describe_stack_events", {"StackEvents": list(told), **more}


def test_what_an_interrupted_run_has_begun_is_waited_for(account, cloudformation, line):
    for answer in (is_in("CREATE_IN_PROGRESS"), is_in("CREATE_IN_PROGRESS"), events(), is_in("CREATE_COMPLETE")):
        cloudformation.add_response(*answer)

    found = stacks.settle(account, line, NAME)

    assert found is not None
    assert found.status == "CREATE_COMPLETE"


def test_a_rollback_that_hangs_is_gone_on_with(account, cloudformation, line):
    cloudformation.add_response(*is_in("UPDATE_ROLLBACK_FAILED"))
    cloudformation.add_response("continue_update_rollback", {}, {"StackName": ID})
    cloudformation.add_response(*is_in("UPDATE_ROLLBACK_COMPLETE"))

    found = stacks.settle(account, line, NAME)

    assert found is not None
    assert found.status == "UPDATE_ROLLBACK_COMPLETE"


def test_a_change_that_does_not_show_at_once_is_waited_for(account, cloudformation, line):
    """ExecuteChangeSet answers before the stack moves: what it was is no outcome."""
    change = stacks.Change("arn:aws:cloudformation:ap-northeast-1:123456789012:changeSet/shop-1/2", 1)
    cloudformation.add_response("execute_change_set", {}, {"ChangeSetName": change.id, "ClientRequestToken": "shop-1"})
    cloudformation.add_response(*is_in("REVIEW_IN_PROGRESS"))
    cloudformation.add_response("describe_change_set", {"ExecutionStatus": "AVAILABLE"}, {"ChangeSetName": ANY})
    cloudformation.add_response(*is_in("CREATE_IN_PROGRESS"))
    cloudformation.add_response(*is_in("CREATE_IN_PROGRESS"))
    cloudformation.add_response(*events(event("Database", "CREATE_IN_PROGRESS", token="shop-1")))
    cloudformation.add_response(*is_in("CREATE_COMPLETE"))

    stacks.execute(account, line, NAME, change)


def test_the_reason_is_that_of_the_resource_which_failed_first_however_many_events_ago(account, cloudformation):
    cancelled = event("Later", "CREATE_FAILED", "Resource creation cancelled")
    first = event("Database", "CREATE_FAILED", "You have reached the limit of DB instances")
    began = event(NAME, "CREATE_IN_PROGRESS", "User Initiated", kind="AWS::CloudFormation::Stack")
    older = event("Older", "CREATE_FAILED", "of another run")
    cloudformation.add_response(*events(cancelled, NextToken="more"))
    cloudformation.add_response(*events(first, began, older))

    failed = stacks.failure(account, stacks.known(is_in("ROLLBACK_COMPLETE")[1]["Stacks"][0]))

    assert isinstance(failed, Failed)
    assert "Database (AWS::RDS::DBInstance): You have reached the limit" in str(failed)
    assert "shop aws doctor" in str(failed)


@pytest.mark.parametrize(
    ("region", "address"),
    [
        ("ap-northeast-1", "https://shop-class-assets.s3.ap-northeast-1.amazonaws.com/key.json"),
        ("eu-central-1", "https://shop-class-assets.s3.eu-central-1.amazonaws.com/key.json"),
    ],
)
def test_cloudformation_is_told_of_templates_where_s3_has_them(monkeypatch, region, address):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    account = AwsAccount(boto3.Session(region_name=region), "123456789012", "arn")

    assert stacks.url(account, "shop-class-assets", "key.json") == address
