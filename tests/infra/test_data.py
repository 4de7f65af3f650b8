"""Where services keep their data is, on AWS, what the topology declares, and what the laptop provides."""

from tests.infra.conftest import LONGEST
from tests.infra.everything import every, text

from shop.contracts import topology
from shop.local.provision import USER_POOL, USER_POOL_CLIENT


def one(templates, kind):
    (made,) = every(templates, kind)
    return made.properties


def test_there_are_the_tables_of_the_topology_with_indexes_streams_and_expiry(templates):
    made = {table.properties["TableName"]: table.properties for table in every(templates, "AWS::DynamoDB::GlobalTable")}

    assert set(made) == {f"shop-{LONGEST}-{table.name}" for table in topology.TABLES}
    for table in topology.TABLES:
        found = made[f"shop-{LONGEST}-{table.name}"]
        keys = {key["AttributeName"]: key["KeyType"] for key in found["KeySchema"]}
        assert keys == {"pk": "HASH", "sk": "RANGE"}
        assert found["BillingMode"] == "PAY_PER_REQUEST"
        assert found["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"
        assert found["TimeToLiveSpecification"] == {"AttributeName": table.ttl, "Enabled": True}
        indexes = {
            index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]]
            for index in found["GlobalSecondaryIndexes"]
        }
        assert indexes == {i.name: [i.partition, *([i.sort] if i.sort else [])] for i in table.indexes}
        assert {i["Projection"]["ProjectionType"] for i in found["GlobalSecondaryIndexes"]} == {"ALL"}


def test_uploads_are_announced_to_the_topologys_queue(templates):
    for bucket in topology.BUCKETS:
        name = f"shop-{LONGEST}-{bucket.name.removeprefix('shop-')}-"
        (made,) = (b for b in every(templates, "AWS::S3::Bucket") if text(b.properties["BucketName"]).startswith(name))
        (told,) = made.properties["NotificationConfiguration"]["QueueConfigurations"]
        assert told["Event"] == "s3:ObjectCreated:*"
        assert told["Filter"]["S3Key"]["Rules"] == [{"Name": "prefix", "Value": bucket.notify_prefix}]


def test_the_user_pool_is_the_laptops(templates):
    pool, client = one(templates, "AWS::Cognito::UserPool"), one(templates, "AWS::Cognito::UserPoolClient")
    groups = {group.properties["GroupName"] for group in every(templates, "AWS::Cognito::UserPoolGroup")}

    assert groups == set(topology.GROUPS)
    asked = USER_POOL["Policies"]["PasswordPolicy"]
    assert {key: pool["Policies"]["PasswordPolicy"][key] for key in asked} == asked
    assert pool["UsernameAttributes"] == USER_POOL["UsernameAttributes"]
    assert set(client["ExplicitAuthFlows"]) == set(USER_POOL_CLIENT["ExplicitAuthFlows"])
    for name in ("EnableTokenRevocation", "GenerateSecret"):
        assert client[name] == USER_POOL_CLIENT[name], name
    minutes = {"minutes": 1, "hours": 60, "days": 1440}
    for token in ("AccessToken", "IdToken", "RefreshToken"):
        told, local = (
            each[f"{token}Validity"] * minutes[each["TokenValidityUnits"][token]] for each in (client, USER_POOL_CLIENT)
        )
        assert told == local, token


def test_each_database_of_the_topology_has_a_secret_of_its_own(templates):
    names = {secret.properties["Name"] for secret in every(templates, "AWS::SecretsManager::Secret")}

    assert {f"shop-{LONGEST}-postgres-{database}" for database in topology.DATABASES} <= names
    engine = one(templates, "AWS::RDS::DBInstance")
    assert engine["Engine"] == "postgres"
    assert engine["AllocatedStorage"] == "20"
