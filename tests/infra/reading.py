"""Templates, read."""

from typing import Any


def resources(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The properties of every resource of a type."""
    return [made["Properties"] for made in template["Resources"].values() if made["Type"] == kind]


def flat(value: Any) -> str:
    """Text, or what CloudFormation makes text of: `Fn::Join` put together, references by their names."""
    match value:
        case str():
            return value
        case {"Ref": name}:
            return str(name)
        case {"Fn::ImportValue": name}:
            return str(name)
        case {"Fn::GetAtt": [name, attribute]}:
            return f"{name}.{attribute}"
        case {"Fn::Join": [between, parts]}:
            return str(between).join(flat(part) for part in parts)
        case {"Fn::Select": _} | {"Fn::Split": _}:
            return "?"
    raise AssertionError(value)


def allowed(template: dict[str, Any], role: str) -> set[str]:
    """Every action that the policies of a role allow. `role`: how the role's id in the template begins."""
    found: set[str] = set()
    for policy in resources(template, "AWS::IAM::Policy"):
        if any(flat(one).startswith(role) for one in policy["Roles"]):
            for statement in policy["PolicyDocument"]["Statement"]:
                action = statement["Action"]
                found |= {action} if isinstance(action, str) else set(action)
    return found
