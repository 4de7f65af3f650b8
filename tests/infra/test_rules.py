"""Rules of our own, which every stack keeps, whatever is in it."""

import json
import re
from datetime import timedelta

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from tests.infra.conftest import LONGEST
from tests.infra.everything import every, listed, resolved, statements, text

WORLD = ("0.0.0.0/0", "::/0")

# Actions that AWS defines without resources of their own: a policy has to say `*`.
# https://docs.aws.amazon.com/service-authorization/latest/reference/
WITHOUT_RESOURCES = {
    "cloudwatch:PutMetricData": "metrics have no ARN; OTLP metrics have no namespace for a condition either",
    "xray:PutTraceSegments": "traces have no ARN",
    "xray:PutSpans": "traces have no ARN",
    "xray:PutSpansForIndexing": "traces have no ARN",
    "xray:GetSamplingRules": "sampling rules are read as a whole",
    "xray:GetSamplingTargets": "sampling rules are read as a whole",
    "ecr:GetAuthorizationToken": "the token is the account's, not a repository's",
    "ssmmessages:CreateControlChannel": "ECS Exec's channels have no ARN before they are open",
    "ssmmessages:CreateDataChannel": "ECS Exec's channels have no ARN before they are open",
    "ssmmessages:OpenControlChannel": "ECS Exec's channels have no ARN before they are open",
    "ssmmessages:OpenDataChannel": "ECS Exec's channels have no ARN before they are open",
    "dynamodb:ListStreams": "streams are listed by table, which is no resource of this action",
}
# Wildcards inside an action, each with what it stands for.
WILDCARDS: dict[str, str] = {
    "s3:GetObject*": "CDK's grant of reading: an object, its version, its tags",
    "s3:GetBucket*": "CDK's grant of reading: where a bucket is",
    "s3:List*": "CDK's grant of reading: names of objects",
}
UNENCRYPTED = {
    "AWS::SNS::Topic": "alarms of CloudWatch cannot publish to a topic under AWS's own key; one of ours is a bill",
}


def found(wrong):
    """A readable failure: everything that is wrong, a line each."""
    wrong = list(wrong)
    assert not wrong, "\n" + "\n".join(map(str, wrong))


# ------------------------------------------------------------------------------------------------------------- queues


def test_each_queue_has_dead_letters_behind_it_or_is_such(templates):
    queues = list(every(templates, "AWS::SQS::Queue"))
    behind = {
        resolved(templates, queue.stack, queue.properties["RedrivePolicy"]["deadLetterTargetArn"])
        for queue in queues
        if "RedrivePolicy" in queue.properties
    }

    assert len(behind) == len(queues) / 2
    found(q.where for q in queues if "RedrivePolicy" not in q.properties and (q.stack, q.id) not in behind)


def test_each_queue_and_each_dead_letter_queue_has_an_alarm(templates):
    watched = {
        text(dimension["Value"])
        for alarm in every(templates, "AWS::CloudWatch::Alarm")
        for dimension in alarm.properties.get("Dimensions", ())
        if dimension["Name"] == "QueueName"
    }
    queues = list(every(templates, "AWS::SQS::Queue"))

    assert queues
    found(queue.where for queue in queues if queue.properties["QueueName"] not in watched)


def test_a_function_gives_up_six_times_within_its_queues_visibility(templates):
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""
    for mapping in every(templates, "AWS::Lambda::EventSourceMapping"):
        stack, name = resolved(templates, mapping.stack, mapping.properties["EventSourceArn"])
        source = templates[stack]["Resources"][name]
        if source["Type"] == "AWS::SQS::Queue":
            of, function = resolved(templates, mapping.stack, mapping.properties["FunctionName"])
            timeout = templates[of]["Resources"][function]["Properties"]["Timeout"]
            assert 6 * timeout <= source["Properties"]["VisibilityTimeout"], mapping.where
            assert mapping.properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"], mapping.where


def test_no_schedule_is_under_a_minute(templates):
    units = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
    for made in every(templates, "AWS::Scheduler::Schedule", "AWS::Events::Rule"):
        expression = made.properties.get("ScheduleExpression")
        if expression:
            rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
            assert rate is not None, made.where
            assert int(rate[1]) * units[rate[2]] >= timedelta(minutes=1), made.where


# -------------------------------------------------------------------------------------------------------------- logs


def test_each_log_group_forgets(templates):
    found(g.where for g in every(templates, "AWS::Logs::LogGroup") if "RetentionInDays" not in g.properties)


def test_each_function_and_container_logs_to_a_group_of_ours(templates):
    """A group that AWS makes by itself keeps everything for ever, and outlives its stack."""
    for function in every(templates, "AWS::Lambda::Function"):
        stack, group = resolved(templates, function.stack, function.properties["LoggingConfig"]["LogGroup"])
        assert templates[stack]["Resources"][group]["Type"] == "AWS::Logs::LogGroup", function.where
    for task in every(templates, "AWS::ECS::TaskDefinition"):
        for container in task.properties["ContainerDefinitions"]:
            options = container["LogConfiguration"]["Options"]
            stack, group = resolved(templates, task.stack, options["awslogs-group"])
            assert templates[stack]["Resources"][group]["Type"] == "AWS::Logs::LogGroup", task.where
            assert "awslogs-create-group" not in options, task.where
    for build in every(templates, "AWS::CodeBuild::Project"):
        resolved(templates, build.stack, build.properties["LogsConfig"]["CloudWatchLogs"]["GroupName"])
    for stage in every(templates, "AWS::ApiGatewayV2::Stage"):
        resolved(templates, stage.stack, stage.properties["AccessLogSettings"]["DestinationArn"])


# -------------------------------------------------------------------------------------------------------- permissions


def test_no_action_is_a_star_and_each_wildcard_in_one_has_a_reason(templates):
    found(
        f"{made.where}: {action}"
        for made, statement in statements(templates)
        if statement["Effect"] == "Allow"
        for action in listed(statement.get("Action"))
        if "*" in action and action not in WILDCARDS
    )
    found(
        f"{made.where}: NotAction" for made, one in statements(templates) if "NotAction" in one or "NotResource" in one
    )


def test_only_what_has_no_resources_is_allowed_on_all(templates):
    found(
        f"{made.where}: {action} on *"
        for made, statement in statements(templates)
        if statement["Effect"] == "Allow" and "*" in listed(statement.get("Resource"))
        for action in listed(statement["Action"])
        if action not in WITHOUT_RESOURCES
    )


def test_names_in_permissions_are_names_of_what_there_is(templates):
    """A permission for a bucket or a table that does not exist is none, and nothing but a request would say so."""
    names = {"AWS::S3::Bucket": "BucketName", "AWS::DynamoDB::GlobalTable": "TableName"}
    exist = {text(made.properties[names[made.type]]) for made in every(templates, *names)}
    spelt = re.compile(r"(?:s3:::|:table/)([^/]+)")

    meant = {
        (made.where, name)
        for made, statement in statements(templates)
        if made.type != "AWS::IAM::ManagedPolicy"  # the boundary: it permits nothing
        for resource in listed(statement.get("Resource"))
        for name in spelt.findall(text(resource))
    }
    assert {"images", "users"} <= {re.split(r"[-$]", name.removeprefix(f"shop-{LONGEST}-"))[0] for _, name in meant}
    found((where, name) for where, name in meant if name not in exist)


def test_nobody_outside_is_allowed_anything(templates):
    """A policy's `*` is the whole world, unless a condition names this account or a service's resource of ours."""
    found(
        f"{made.where}: {json.dumps(statement)}"
        for made, statement in statements(templates)
        if statement["Effect"] == "Allow"
        and (statement.get("Principal") == "*" or "*" in listed((statement.get("Principal") or {}).get("AWS")))
    )


def test_services_of_aws_that_feed_ours_do_so_for_this_account_alone(templates):
    for made, statement in statements(templates):
        if statement["Effect"] == "Allow" and "Service" in (statement.get("Principal") or {}):
            assert "aws:SourceAccount" in json.dumps(statement.get("Condition")) or "aws:SourceArn" in json.dumps(
                statement.get("Condition")
            ), made.where
    for permission in every(templates, "AWS::Lambda::Permission"):
        assert permission.properties["Principal"] != "*", permission.where
        assert {"SourceArn", "SourceAccount"} & set(permission.properties), permission.where


def test_roles_are_assumed_by_services_of_aws_alone_and_have_no_managed_policy_that_grants_more_than_logs(templates):
    for role in every(templates, "AWS::IAM::Role"):
        for statement in role.properties["AssumeRolePolicyDocument"]["Statement"]:
            assert set(statement["Principal"]) == {"Service"}, role.where
    found(role.where for role in every(templates, "AWS::IAM::Role") if role.properties.get("ManagedPolicyArns"))
    found(made.where for made in every(templates, "AWS::IAM::User", "AWS::IAM::AccessKey"))


# ------------------------------------------------------------------------------------------------------------- public


def test_nothing_is_public_but_the_api(templates):
    for made in every(templates, "AWS::ElasticLoadBalancingV2::LoadBalancer"):
        assert made.properties["Scheme"] == "internal", made.where
    for made in every(templates, "AWS::RDS::DBInstance"):
        assert made.properties["PubliclyAccessible"] is False, made.where
    for made in every(templates, "AWS::S3::Bucket"):
        assert set(made.properties["PublicAccessBlockConfiguration"].values()) == {True}, made.where
        assert len(made.properties["PublicAccessBlockConfiguration"]) == 4, made.where
    found(made.where for made in every(templates, "AWS::Lambda::Url", "AWS::EC2::EIP", "AWS::EC2::NatGateway"))


def test_no_security_group_is_open_to_the_world(templates):
    rules = [
        (made.where, rule)
        for made in every(templates, "AWS::EC2::SecurityGroup")
        for rule in made.properties.get("SecurityGroupIngress", [])
    ]
    rules += [(made.where, made.properties) for made in every(templates, "AWS::EC2::SecurityGroupIngress")]

    found((where, rule) for where, rule in rules if {rule.get("CidrIp"), rule.get("CidrIpv6")} & set(WORLD))
    assert rules


# --------------------------------------------------------------------------------------------------------- encryption


def test_everything_that_keeps_data_encrypts_it(templates):
    for made in every(templates, "AWS::SQS::Queue"):
        assert made.properties["SqsManagedSseEnabled"] is True, made.where
    for made in every(templates, "AWS::S3::Bucket"):
        assert made.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"], made.where
    for made in every(templates, "AWS::RDS::DBInstance"):
        assert made.properties["StorageEncrypted"] is True, made.where
    for made in every(templates, "AWS::EFS::FileSystem", "AWS::OpenSearchService::Domain", "AWS::Kinesis::Stream"):
        assert "Encrypt" in json.dumps(made.properties), made.where
    topics = [made for made in every(templates, "AWS::SNS::Topic") if "KmsMasterKeyId" not in made.properties]
    assert bool(topics) == ("AWS::SNS::Topic" in UNENCRYPTED)


def test_buckets_queues_and_topics_speak_tls_alone(templates):
    guarded = {
        resolved(templates, made.stack, listed(made.properties.get("Queues") or made.properties.get("Topics"))[0])
        if made.type != "AWS::S3::BucketPolicy"
        else resolved(templates, made.stack, made.properties["Bucket"])
        for made, statement in statements(templates)
        if made.type in {"AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy"}
        and statement["Effect"] == "Deny"
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
    }

    kinds = ("AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::S3::Bucket")
    found(made.where for made in every(templates, *kinds) if (made.stack, made.id) not in guarded)


# ------------------------------------------------------------------------------------------------------ tags, teardown


def taggable(kind: str) -> bool:
    """Whether CloudFormation's schema of this type says that it bears tags."""
    if kind.startswith("Custom::") or kind == "AWS::DynamoDB::GlobalTable":  # its tags are those of its replicas
        return False
    return bool(PROVIDER_SCHEMA_MANAGER.get_resource_schema("ap-northeast-1", kind).schema["properties"].get("Tags"))


# A tag there is none of the resource itself, though its type has them.
WITHOUT_TAGS = {
    "AWS::Logs::ResourcePolicy": "an account's policy",
}


def tags_of(made):
    """The tags of a resource, as a mapping."""
    given = made.properties.get("Tags", [])
    if made.type == "AWS::DynamoDB::GlobalTable":
        given = made.properties["Replicas"][0]["Tags"]
    return given if isinstance(given, dict) else {tag["Key"]: tag["Value"] for tag in given}


def test_every_resource_says_whose_it_is(templates):
    tables = list(every(templates, "AWS::DynamoDB::GlobalTable"))
    bear = [made for made in every(templates) if taggable(made.type) and made.type not in WITHOUT_TAGS]

    assert len(bear) > 40
    found(made.where for made in (*bear, *tables) if not tags_of(made).get("shop:service"))
    found(made.where for made in (*bear, *tables) if made.stack != "class" and not tags_of(made).get("shop:deployment"))


def test_nothing_stays_when_a_stack_goes(templates):
    for made in every(templates):
        assert made.whole.get("DeletionPolicy", "Delete") == "Delete", made.where
        assert made.whole.get("UpdateReplacePolicy", "Delete") == "Delete", made.where
    for made in every(templates, "AWS::RDS::DBInstance"):
        assert made.whole["DeletionPolicy"] == "Delete", f"{made.where}: a snapshot would be made"
        assert made.properties["DeleteAutomatedBackups"] is True, made.where
        assert made.properties["DeletionProtection"] is False, made.where
    for made in every(templates, "AWS::ECR::Repository"):
        assert made.properties["EmptyOnDelete"] is True, made.where
    for made in every(templates, "AWS::Cognito::UserPool"):
        assert made.properties.get("DeletionProtection", "INACTIVE") == "INACTIVE", made.where
    for made in every(templates, "AWS::ElasticLoadBalancingV2::LoadBalancer"):
        attributes = {one["Key"]: one["Value"] for one in made.properties.get("LoadBalancerAttributes", [])}
        assert attributes.get("deletion_protection.enabled", "false") == "false", made.where
    for made in every(templates, "AWS::DynamoDB::GlobalTable"):
        assert not made.properties["Replicas"][0].get("DeletionProtectionEnabled"), made.where


# --------------------------------------------------------------------------------------------------- tasks, functions


def test_tasks_allow_fault_injection_and_containers_cannot_write_to_their_image(templates):
    for task in every(templates, "AWS::ECS::TaskDefinition"):
        assert task.properties["EnableFaultInjection"] is True, task.where
        assert task.properties["RuntimePlatform"]["CpuArchitecture"] == "ARM64", task.where
        for container in task.properties["ContainerDefinitions"]:
            assert container["ReadonlyRootFilesystem"] is True, f"{task.where} {container['Name']}"
            assert not container.get("Privileged"), f"{task.where} {container['Name']}"


def test_functions_are_python_3_13_on_arm(templates):
    for function in every(templates, "AWS::Lambda::Function"):
        assert function.properties["Runtime"] == "python3.13", function.where
        assert function.properties["Architectures"] == ["arm64"], function.where


def test_no_secret_is_written_into_a_template(templates):
    """What a task or a function gets is where a secret is, never what it says."""
    for made in every(templates, "AWS::Lambda::Function", "AWS::ECS::TaskDefinition"):
        assert "{{resolve:secretsmanager" not in text(json.dumps(made.properties)), made.where


@pytest.mark.parametrize("table", [WITHOUT_RESOURCES, WILDCARDS, UNENCRYPTED, WITHOUT_TAGS])
def test_each_exception_has_its_reason(table):
    assert all(len(reason.split()) >= 3 for reason in table.values())
