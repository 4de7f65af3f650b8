"""Templates as tests read them."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

POLICIES = {  # where a resource keeps policy documents
    "AWS::IAM::Policy": ("PolicyDocument",),
    "AWS::IAM::ManagedPolicy": ("PolicyDocument",),
    "AWS::SQS::QueuePolicy": ("PolicyDocument",),
    "AWS::SNS::TopicPolicy": ("PolicyDocument",),
    "AWS::S3::BucketPolicy": ("PolicyDocument",),
    "AWS::ECR::Repository": ("RepositoryPolicyText",),
    "AWS::EC2::VPCEndpoint": ("PolicyDocument",),
    "AWS::SecretsManager::ResourcePolicy": ("ResourcePolicy",),
}
Templates = dict[str, dict[str, Any]]


class Made(NamedTuple):
    """A resource, and the template in which it stands."""

    stack: str
    id: str
    type: str
    properties: dict[str, Any]
    whole: dict[str, Any]

    @property
    def where(self) -> str:
        return f"{self.stack}/{self.id}"


def every(templates: Templates, *types: str) -> Iterator[Made]:
    """All resources, or those of some types."""
    for stack, template in templates.items():
        for name, one in template["Resources"].items():
            if not types or one["Type"] in types:
                yield Made(stack, name, one["Type"], one.get("Properties", {}), one)


def listed(value: Any) -> list[Any]:
    """A policy's one or many."""
    return value if isinstance(value, list) else [] if value is None else [value]


def statements(templates: Templates) -> Iterator[tuple[Made, dict[str, Any]]]:
    """Every statement of every policy but those that say who may assume a role."""
    for made in every(templates):
        documents = [made.properties.get(name) for name in POLICIES.get(made.type, ())]
        documents += [
            policy["PolicyDocument"] for policy in made.properties.get("Policies", []) if isinstance(policy, dict)
        ]
        for document in documents:
            for statement in listed(document["Statement"]) if document else ():
                yield made, statement


def text(value: Any) -> str:
    """A value as one text, in which functions stand as `${...}`: Ref, GetAtt, Sub, Join, ImportValue."""
    if not isinstance(value, dict):
        return "".join(map(text, value)) if isinstance(value, list) else str(value)
    ((function, given),) = value.items()
    if function == "Fn::Join":
        return str(given[0]).join(map(text, given[1]))
    if function == "Fn::Sub":
        return text(given[0] if isinstance(given, list) else given)
    return "${" + (".".join(map(text, given)) if isinstance(given, list) else text(given)) + "}"


def resolved(templates: Templates, stack: str, value: Any) -> tuple[str, str]:
    """The stack and the resource to which a Ref, GetAtt or import leads."""
    if not isinstance(value, dict):
        raise TypeError(f"{stack}: {value!r} leads nowhere")
    ((function, given),) = value.items()
    match function:
        case "Ref":
            return stack, given
        case "Fn::GetAtt":
            return stack, given[0] if isinstance(given, list) else given.partition(".")[0]
        case "Fn::ImportValue":
            for other, template in templates.items():
                for output in template.get("Outputs", {}).values():
                    if text(output.get("Export", {}).get("Name", "")) == text(given):
                        return resolved(templates, other, output["Value"])
    raise LookupError(f"{stack}: {json.dumps(value)}")
