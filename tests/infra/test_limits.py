"""With the longest name that a deployment can have, everything is within CloudFormation's and the services' limits."""

import json
import re

import pytest
from tests.infra.conftest import LONGEST
from tests.infra.everything import every, text

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
TEMPLATE_BYTES, RESOURCES, OUTPUTS, PARAMETERS, INLINE_BYTES = 1_048_576, 500, 200, 200, 51_200
ACCOUNT = "123456789012"
NAMES = {  # by type: its property, the longest, what it takes; from each API reference
    "AWS::ApiGatewayV2::Api": ("Name", 128, r".+"),
    "AWS::ApiGatewayV2::VpcLink": ("Name", 128, r".+"),
    "AWS::CloudWatch::Alarm": ("AlarmName", 255, r"[\x20-\x7e]+"),
    "AWS::CloudWatch::Dashboard": ("DashboardName", 255, r"[A-Za-z0-9_-]+"),
    "AWS::CodeBuild::Project": ("Name", 255, r"[A-Za-z0-9][A-Za-z0-9_-]+"),
    "AWS::Cognito::UserPool": ("UserPoolName", 128, r"[\w\s+=,.@-]+"),
    "AWS::Cognito::UserPoolClient": ("ClientName", 128, r"[\w\s+=,.@-]+"),
    "AWS::DynamoDB::GlobalTable": ("TableName", 255, r"[A-Za-z0-9_.-]{3,}"),
    "AWS::DynamoDB::Table": ("TableName", 255, r"[A-Za-z0-9_.-]{3,}"),
    "AWS::ECR::Repository": ("RepositoryName", 256, r"[a-z0-9]+(?:[._/-][a-z0-9]+)*"),
    "AWS::ECS::Cluster": ("ClusterName", 255, r"[A-Za-z0-9_-]+"),
    "AWS::ECS::Service": ("ServiceName", 255, r"[A-Za-z0-9_-]+"),
    "AWS::ECS::TaskDefinition": ("Family", 255, r"[A-Za-z0-9_-]+"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("Name", 32, r"(?!internal-)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ("Name", 32, r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"),
    "AWS::Events::Archive": ("ArchiveName", 48, r"[.\-_A-Za-z0-9]+"),
    "AWS::Events::EventBus": ("Name", 256, r"[/.\-_A-Za-z0-9]+"),
    "AWS::Events::Rule": ("Name", 64, r"[.\-_A-Za-z0-9]+"),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", 128, r"[\w+=,.@-]+"),
    "AWS::IAM::Role": ("RoleName", 64, r"[\w+=,.@-]+"),
    "AWS::Lambda::Function": ("FunctionName", 64, r"[A-Za-z0-9_-]+"),
    "AWS::Lambda::LayerVersion": ("LayerName", 140, r"[A-Za-z0-9_-]+"),
    "AWS::Logs::LogGroup": ("LogGroupName", 512, r"[.\-_/#A-Za-z0-9]+"),
    "AWS::RDS::DBInstance": ("DBInstanceIdentifier", 63, r"[a-zA-Z](?:-?[a-zA-Z0-9])*"),
    "AWS::S3::Bucket": ("BucketName", 63, r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"),
    "AWS::SNS::Topic": ("TopicName", 256, r"[A-Za-z0-9_-]+"),
    "AWS::SQS::Queue": ("QueueName", 80, r"[A-Za-z0-9_-]+(?:\.fifo)?"),
    "AWS::Scheduler::Schedule": ("Name", 64, r"[.\-_A-Za-z0-9]+"),
    "AWS::SecretsManager::Secret": ("Name", 512, r"[A-Za-z0-9/_+=.@-]+"),
}
# Two deployments must not meet: a name that the account or the region has once bears the deployment's.
PREFIXES = (
    f"shop-{LONGEST}-",
    f"shop-{LONGEST}/",  # images
    f"/shop/{LONGEST}/",
    f"/aws/vendedlogs/shop/{LONGEST}/",
    "shop-class",
    "/shop/shop-class/",
)
ONLY_WITHIN = {"AWS::Cognito::UserPoolClient"}  # their names are looked for in something of ours only


def test_templates_are_within_cloudformations_limits(assembly, templates):
    for part, template in templates.items():
        file = next(assembly.glob(f"*{part}.template.json"))
        assert file.stat().st_size < TEMPLATE_BYTES, part
        assert len(template["Resources"]) <= RESOURCES, part
        assert len(template.get("Outputs", {})) <= OUTPUTS, part
        assert len(template.get("Parameters", {})) <= PARAMETERS, part


def test_the_class_stack_fits_into_a_call_because_it_makes_the_bucket_that_larger_ones_need(assembly):
    assert (assembly / "shop-class.template.json").stat().st_size < INLINE_BYTES


def test_stacks_have_names_and_descriptions_that_cloudformation_takes(assembly, templates):
    for stack in json.loads((assembly / "manifest.json").read_text())["artifacts"].values():
        if stack["type"] == "aws:cloudformation:stack":
            name = stack["properties"].get("stackName", stack.get("displayName", ""))
            assert re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,127}", name), name
    assert all(0 < len(template["Description"].encode()) <= 1024 for template in templates.values())


def names(templates):
    for made in every(templates, *NAMES):
        key, longest, pattern = NAMES[made.type]
        if key in made.properties:
            name = text(made.properties[key]).replace("${AWS::AccountId}", ACCOUNT)
            yield made, name.replace("${AWS::Region}", "ap-northeast-1"), longest, pattern


def test_names_are_such_as_each_service_takes(templates):
    for made, name, longest, pattern in names(templates):
        assert len(name) <= longest, f"{made.where}: {name} has {len(name)} of {longest}"
        assert re.fullmatch(pattern, name), f"{made.where}: {name}"


def test_names_bear_the_deployments_so_that_many_can_stand_in_one_account(templates):
    found = [
        (made.where, name)
        for made, name, _, _ in names(templates)
        if not name.startswith(PREFIXES) and made.type not in ONLY_WITHIN
    ]

    assert found == []


def test_exports_bear_the_stacks_name(templates):
    exported = [
        text(output["Export"]["Name"])
        for template in templates.values()
        for output in template.get("Outputs", {}).values()
        if "Export" in output
    ]

    assert exported
    assert len(exported) == len(set(exported))
    assert all(name.startswith(PREFIXES) and len(name) <= 255 for name in exported)


@pytest.mark.parametrize("name", ["", "Taro", "1st", "taro-", "taro_yamada", "taro.yamada", "a" * 13])
def test_a_name_that_would_not_fit_somewhere_is_refused(name):
    from infra.naming import Deployment, InvalidName

    with pytest.raises(InvalidName):
        Deployment(name)
