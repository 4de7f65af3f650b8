"""What a deployment has outside of its stacks, or may leave behind: found by name and by tag."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore import exceptions as aws

from shop.deploy.aws.account import AwsAccount, code_of, said

__all__ = ["Leftover", "found", "tagged"]

GONE = {
    "ResourceNotFoundException",
    "NoSuchBucket",
    "RepositoryNotFoundException",
    "404",
    "DBInstanceAutomatedBackupNotFound",
}


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that is still there; `remove` takes it away, where a call can."""

    kind: str
    name: str
    remove: Callable[[], Any]

    def go(self) -> None:
        """Take it away; what has gone meanwhile is gone."""
        try:
            self.remove()
        except aws.ClientError as error:
            if code_of(error) not in GONE:
                raise


def found(account: AwsAccount, name: str) -> Iterator[Leftover]:
    """All that bears this deployment's name and belongs to none of its stacks any more; and where nobody may look."""
    for look in LOOKS:
        try:
            yield from look(account, name)
        except aws.ClientError as error:
            yield Leftover(look.__name__, f"? {code_of(error)}: {said(error)}", lambda: None)


def log_groups(account: AwsAccount, name: str) -> Iterator[Leftover]:
    """Also those that services of AWS make by themselves."""
    client = account.client("logs")
    for prefix in (
        f"/shop/{name}/",
        f"/aws/vendedlogs/shop/{name}/",
        f"/aws/lambda/shop-{name}-",
        f"/aws/codebuild/shop-{name}-",
        f"/aws/rds/instance/shop-{name}-",
    ):
        for group in account.every("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=prefix):
            called = group["logGroupName"]
            yield Leftover("log group", called, partial(client.delete_log_group, logGroupName=called))


def secrets(account: AwsAccount, name: str) -> Iterator[Leftover]:
    """Those that wait for their deletion keep their name until then."""
    client = account.client("secretsmanager")
    asked = {"IncludePlannedDeletion": True, "Filters": [{"Key": "name", "Values": [f"shop-{name}-"]}]}
    for secret in account.every("secretsmanager", "list_secrets", "SecretList", **asked):
        if secret["Name"].startswith(f"shop-{name}-"):
            arn = secret["ARN"]
            yield Leftover(
                "secret",
                secret["Name"],
                partial(client.delete_secret, SecretId=arn, ForceDeleteWithoutRecovery=True),
            )


def backups(account: AwsAccount, name: str) -> Iterator[Leftover]:
    """PostgreSQL's automated backups."""
    client = account.client("rds")
    for one in account.every(
        "rds",
        "describe_db_instance_automated_backups",
        "DBInstanceAutomatedBackups",
        DBInstanceIdentifier=f"shop-{name}-postgres",
    ):
        if one.get("Status") != "active":
            key = one["DbiResourceId"]
            yield Leftover("backup", key, partial(client.delete_db_instance_automated_backup, DbiResourceId=key))


def snapshots(account: AwsAccount, name: str) -> Iterator[Leftover]:
    """PostgreSQL's snapshots that somebody made."""
    client = account.client("rds")
    for one in account.every("rds", "describe_db_snapshots", "DBSnapshots", SnapshotType="manual"):
        if one["DBInstanceIdentifier"] == f"shop-{name}-postgres":
            key = one["DBSnapshotIdentifier"]
            yield Leftover("snapshot", key, partial(client.delete_db_snapshot, DBSnapshotIdentifier=key))


def definitions(account: AwsAccount, name: str) -> Iterator[Leftover]:
    """Revisions of tasks stay listed, inactive, after their stack has gone."""
    client = account.client("ecs")
    for status in ("ACTIVE", "INACTIVE"):
        for arn in account.every("ecs", "list_task_definitions", "taskDefinitionArns", status=status):
            if f":task-definition/shop-{name}-" in arn:
                yield Leftover("task definition", arn, partial(retire, client, arn))


def retire(client: Any, arn: str) -> None:
    """Delete a revision, whatever it is now."""
    client.deregister_task_definition(taskDefinition=arn)
    client.delete_task_definitions(taskDefinitions=[arn])


def repositories(account: AwsAccount, name: str) -> Iterator[Leftover]:
    """Images, with their repository."""
    client = account.client("ecr")
    for one in account.every("ecr", "describe_repositories", "repositories"):
        called = one["repositoryName"]
        if called.startswith(f"shop-{name}/"):
            yield Leftover("images", called, partial(client.delete_repository, repositoryName=called, force=True))


def buckets(account: AwsAccount, name: str) -> Iterator[Leftover]:
    """Buckets, with what is in them."""
    for one in account.client("s3").list_buckets()["Buckets"]:
        called = one["Name"]
        if called.startswith(f"shop-{name}-") and called.endswith(f"-{account.id}-{account.region}"):
            yield Leftover("bucket", called, partial(remove_bucket, account, called))


def remove_bucket(account: AwsAccount, bucket: str) -> None:
    """Empty it, then delete it."""
    empty(account, bucket)
    account.client("s3").delete_bucket(Bucket=bucket)


def empty(account: AwsAccount, bucket: str) -> int:
    """Delete all objects, their versions and the marks of deleted ones; how many those were."""
    client = account.client("s3")
    count = 0
    try:
        for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
            keys = [
                {"Key": one["Key"], "VersionId": one["VersionId"]}
                for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
            ]
            if keys:
                client.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
                count += len(keys)
    except aws.ClientError as error:
        if code_of(error) not in GONE:
            raise
    return count


LOOKS = (log_groups, secrets, backups, snapshots, definitions, repositories, buckets)


def tagged(account: AwsAccount, name: str) -> list[str]:
    """What AWS's register of tags still knows of it. The register forgets what was deleted after some minutes only."""
    wanted = [{"Key": "shop:deployment", "Values": [name]}]
    pages = account.every("resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", TagFilters=wanted)
    return sorted(arn for arn in (one["ResourceARN"] for one in pages) if lives(account, arn))


def lives(account: AwsAccount, arn: str) -> bool:
    """Whether it is more than a memory: ECS remembers what was deleted for an hour, and says so."""
    kind, _, path = arn.partition(":ecs:")[2].partition(":")[2].partition(":")[2].partition("/")
    client = account.client("ecs")
    try:
        if kind == "service":
            cluster, _, service = path.partition("/")
            found = client.describe_services(cluster=cluster, services=[service])["services"]
        elif kind == "cluster":
            found = client.describe_clusters(clusters=[path])["clusters"]
        elif kind == "task-definition":
            found = [client.describe_task_definition(taskDefinition=path)["taskDefinition"]]
        else:
            return True
    except aws.ClientError as error:
        if code_of(error) in {"ClusterNotFoundException", "ClientException", "ServiceNotFoundException"}:
            return False
        raise
    return any(one["status"] not in {"INACTIVE", "DELETE_IN_PROGRESS"} for one in found)
