"""What an account has once can be made in a second region, and in an order that AWS takes."""

import re

from tests.infra.everything import every, text


def test_what_is_named_once_for_an_account_bears_the_region_so_that_a_second_one_can_have_its_own(templates):
    everywhere = {"AWS::Budgets::Budget": ("Budget", "BudgetName"), "AWS::S3::Bucket": ("BucketName",)}
    for made in every({"class": templates["class"]}, *everywhere):
        name = made.properties
        for key in everywhere[made.type]:
            name = name[key]
        assert "AWS::Region" in text(name), made.where
    for role in every(templates, "AWS::IAM::Role"):
        chosen = role.properties.get("RoleName")
        assert chosen is None or "AWS::Region" in text(chosen), role.where


def test_transaction_search_waits_for_its_policy_and_for_the_discovery_that_it_would_start_itself(templates):
    search = templates["class"]["Resources"]["TransactionSearch"]
    assert set(search["DependsOn"]) == {"SpansPolicy", "ApplicationSignals"}


def test_a_class_may_get_another_sender(templates):
    """CloudFormation changes no export that a stack imports: nothing but what never changes is exported."""
    exported = {text(one["Export"]["Name"]) for one in templates["class"]["Outputs"].values() if "Export" in one}
    assert exported
    assert not [name for name in exported if not re.fullmatch(r"shop-class-(vpc|cidr|(public|isolated)-.*-\d)", name)]
    assert templates["class"]["Outputs"]["ExportSender"]["Value"] == "shop@example.com"
    mails = templates["functions"]["Resources"].values()
    variables = [
        one["Properties"]["Environment"]["Variables"] for one in mails if one["Type"] == "AWS::Lambda::Function"
    ]
    assert {one["MAIL_FROM"] for one in variables if "MAIL_FROM" in one} == {"shop@example.com"}
