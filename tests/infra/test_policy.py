"""A student may do what a deployment needs, with what bears his name, and a role of his no more than a shop's."""

import json
from fnmatch import fnmatchcase

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from tests.infra.conftest import LONGEST
from tests.infra.everything import every, listed, statements, text

from infra.boundary import ACTIONS, ANYWHERE, BOUNDARY
from infra.grants import COGNITO
from shop.deploy.aws import policy
from shop.deploy.aws.doctor import QUOTAS
from shop.deploy.aws.policy import student
from shop.deploy.package.build import ROOT

ACCOUNT = "123456789012"
# What CloudFormation's schemas list beside what our resources need of it.
NOT_NEEDED = {
    "kms:*": "no key of ours; AWS's own keys let whoever may use the service",
    "kinesis:PutRecords": "no table streams into Kinesis",
    "application-autoscaling:Put*": "tables are on demand",
    "application-autoscaling:Register*": "tables are on demand",
    "iam:*GroupPolicy": "policies are of roles",
    "iam:*UserPolicy": "policies are of roles",
    "elasticfilesystem:*": "functions mount nothing",
    "s3files:*": "functions mount nothing",
    "firehose:*": "log groups deliver nowhere",
    "s3tables:*": "buckets have no metadata tables",
    "docdb-elastic:*": "secrets are attached to RDS",
    "redshift*": "secrets are attached to RDS",
}


@pytest.fixture(scope="module")
def allowed():
    document = student(LONGEST, ACCOUNT)
    return [one for one in document["Statement"] if one["Effect"] == "Allow"]


def test_the_policy_fits_into_a_managed_policy():
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: white space does not count."""
    assert len(json.dumps(student(LONGEST, ACCOUNT), separators=(",", ":"))) <= 6144


def test_whatever_cloudformation_calls_for_a_deployments_resources_is_allowed(templates, allowed):
    patterns = [pattern for one in allowed for pattern in listed(one["Action"])] + list(NOT_NEEDED)
    missing = set()
    for kind in {made.type for made in every(templates) if made.stack != "class"}:
        handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("ap-northeast-1", kind).schema.get("handlers", {})
        needed = {
            one for do in ("create", "read", "update", "delete") for one in handlers.get(do, {}).get("permissions", ())
        }
        missing |= {f"{kind} {one}" for one in needed if not any(fnmatchcase(one, pattern) for pattern in patterns)}

    assert missing == set()


def test_what_bears_a_name_is_allowed_by_that_name_alone(allowed):
    for one in allowed:
        wide = [action for action in listed(one["Action"]) if action.endswith(":*")]
        if wide and one["Action"] not in (policy.READ, policy.BY_ID):
            assert all(
                f"shop-{LONGEST}" in arn or LONGEST in arn or arn.endswith(("changeSet/*", "auto-backup:*"))
                for arn in listed(one["Resource"])
            )
    written = ("Create", "Put", "Delete", "Update", "Set", "Execute", "Attach", "Modify", "Run", "Start", "Stop")
    assert not [one for one in policy.READ if one.partition(":")[2].startswith(written)]


def test_roles_can_be_made_only_with_the_boundary_and_passed_only_to_what_runs_the_shop(allowed):
    making = next(one for one in allowed if "iam:CreateRole" in listed(one["Action"]))
    assert making["Condition"]["ArnLike"]["iam:PermissionsBoundary"].endswith(f":policy/{BOUNDARY}-*")
    passing = [one for one in allowed if "iam:PassRole" in listed(one["Action"])]
    assert [one["Resource"] for one in passing] == [f"arn:aws:iam::{ACCOUNT}:role/shop-{LONGEST}-*"]
    assert not [
        a for one in allowed for a in listed(one["Action"]) if a in {"iam:*", "iam:PutUserPolicy", "iam:CreateUser"}
    ]
    assert policy.BOUNDARY == BOUNDARY


def test_the_class_stack_is_denied():
    denied = [one for one in student(LONGEST, ACCOUNT)["Statement"] if one["Effect"] == "Deny"]
    assert any("stack/shop-class/*" in str(one["Resource"]) for one in denied)


def test_every_role_of_a_deployment_has_the_boundary(templates):
    roles = [role for role in every(templates, "AWS::IAM::Role") if role.stack != "class"]
    assert len(roles) > 15
    for role in roles:
        assert text(role.properties["PermissionsBoundary"]).endswith(f":policy/{BOUNDARY}-${{AWS::Region}}"), role.where


def test_the_boundary_allows_whatever_a_role_is_allowed(templates):
    """Else the role would be denied what its own policy grants."""
    most = {*ACTIONS, *ANYWHERE, "ses:SendEmail", *(f"cognito-idp:{action}" for action in COGNITO)}
    granted = {
        action
        for made, statement in statements(templates)
        if made.type in {"AWS::IAM::Policy", "AWS::IAM::Role"} and made.stack != "class"
        for action in listed(statement["Action"])
    }

    beyond = {
        action for action in granted - most if not ("*" in action and any(fnmatchcase(one, action) for one in most))
    }
    assert beyond == set()


@pytest.mark.parametrize("reason", NOT_NEEDED.values())
def test_each_exception_has_a_reason(reason):
    assert len(reason.split()) >= 3


@pytest.mark.parametrize("page", ["class.md", "class.ja.md"])
def test_the_pages_show_the_quotas_that_doctor_looks_at(page):
    text = (ROOT / "docs" / "aws" / page).read_text(encoding="utf-8")
    for quota in QUOTAS:
        name = quota.ja if page.endswith("ja.md") else quota.en
        assert f"| {name} | {quota.each:g} | {quota.once + 30 * quota.each:g} | {quota.new:g} |" in text
