"""What an account has once can be made in a second region, and in an order that AWS takes."""

from tests.infra.everything import every, text


def test_what_is_named_once_for_an_account_bears_the_region_so_that_a_second_one_can_have_its_own(templates):
    everywhere = {"AWS::Budgets::Budget": ("Budget", "BudgetName"), "AWS::S3::Bucket": ("BucketName",)}
    for made in every({"class": templates["class"]}, *everywhere):
        name = made.properties
        for key in everywhere[made.type]:
            name = name[key]
        assert "AWS::Region" in text(name), made.where
    for role in every(templates, "AWS::IAM::Role", "AWS::IAM::ManagedPolicy"):
        name = role.properties.get("RoleName") or role.properties.get("ManagedPolicyName")
        assert name is None or "AWS::Region" in text(name), role.where


def test_transaction_search_waits_for_its_policy_and_for_the_discovery_that_it_would_start_itself(templates):
    search = templates["class"]["Resources"]["TransactionSearch"]
    assert set(search["DependsOn"]) == {"SpansPolicy", "ApplicationSignals"}
