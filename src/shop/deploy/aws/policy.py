"""What a student may do: deploy, look at and take away what bears his name, and change nothing that is the class's.

Who deploys does so with his own rights, so these are the rights of CloudFormation, too. Where AWS knows names in an
action's resource, the name is in the policy; where it knows ids only, tags are, as far as AWS looks at them. Every role
must have the class's permissions boundary, so that no student can make one that may do more than the shop needs.
"""

from typing import Any, Final

__all__ = ["BOUNDARY", "student"]

BOUNDARY: Final = "shop-class-boundary"
SERVED: Final = ("lambda", "ecs-tasks", "codebuild", "scheduler", "events", "vpc-flow-logs")
# Looking is free, also at what others have made: that is what a class is for.
READ: Final = """
    apigateway:GET application-autoscaling:Describe* application-signals:* cloudformation:Describe*
    cloudformation:Get* cloudformation:List* cloudformation:ValidateTemplate cloudwatch:Describe*
    cloudwatch:Get* cloudwatch:List* codebuild:BatchGet* cognito-idp:Describe* cognito-idp:List*
    dynamodb:Describe* dynamodb:List* ec2:Describe* ecr:DescribeRepositories ecr:GetAuthorizationToken
    ecs:DeregisterTaskDefinition ecs:Describe* ecs:List* elasticloadbalancing:Describe* events:Describe*
    events:List* iam:ListRoles kinesis:DescribeStream kinesis:ListStreams kms:DescribeKey kms:ListAliases
    lambda:Get* lambda:List* logs:*Query* logs:Describe* logs:Filter* logs:Get* logs:List* logs:TestMetricFilter
    oam:ListSinks rds:Describe* rds:ListTagsForResource s3:ListAllMyBuckets secretsmanager:GetRandomPassword
    secretsmanager:ListSecrets servicequotas:Get* ses:Get* ses:List* sns:List* sqs:ListQueues tag:GetResources
    xray:BatchGet* xray:Get*
""".split()
NETWORK: Final = """
    ec2:CreateSecurityGroup ec2:CreateTags
""".split()
RULES: Final = """
    ec2:AuthorizeSecurityGroup* ec2:DeleteSecurityGroup ec2:DeleteTags ec2:RevokeSecurityGroup*
    ec2:UpdateSecurityGroupRule*
""".split()
# Known by ids only, with no tag that AWS looks at in every call: here students have to leave each other in peace.
BY_ID: Final = """
    apigateway:* application-autoscaling:De* cognito-idp:* ec2:CreateNetworkInterface*
    ec2:DeleteNetworkInterface* ecs:RegisterTaskDefinition ecs:TagResource lambda:*EventSourceMapping*
    lambda:TagResource logs:CreateLogDelivery logs:DeleteLogDelivery logs:PutResourcePolicy
    logs:UpdateLogDelivery
""".split()
ROLE: Final = """
    iam:AttachRolePolicy iam:CreateRole iam:DeleteRolePermissionsBoundary iam:DetachRolePolicy
    iam:PutRolePermissionsBoundary iam:PutRolePolicy
""".split()
OWN_ROLE: Final = """
    iam:DeleteRole* iam:Get* iam:List* iam:TagRole iam:UntagRole iam:UpdateAssumeRolePolicy iam:UpdateRole*
""".split()


def student(name: str, account: str, partition: str = "aws") -> dict[str, Any]:
    """The policy of the student who deploys under this name; 6,144 characters at most, as a managed policy has."""
    own = f"shop-{name}-*"

    def arn(service: str, resource: str, *, place: str = f"*:{account}") -> str:
        return f"arn:{partition}:{service}:{place}:{resource}"

    boundary = arn("iam", f"policy/{BOUNDARY}-*", place=f":{account}")  # one for each region
    roles = arn("iam", f"role/{own}", place=f":{account}")
    named = {
        "cloudformation": [f"stack/{own}/*", "changeSet/*"],
        "cloudwatch": [f"alarm:{own}"],
        "codebuild": [f"project/{own}"],
        "dynamodb": [f"table/{own}"],
        "ecr": [f"repository/shop-{name}/*"],
        "ecs": [f"cluster/{own}", f"service/{own}", f"task-definition/{own}", f"task/{own}"],
        "elasticloadbalancing": [f"loadbalancer/app/{own}", f"targetgroup/{own}", f"listener/app/{own}"],
        "events": [f"event-bus/{own}", f"rule/{own}", f"archive/{own}"],
        "lambda": [f"function:{own}"],
        "logs": [f"log-group:/shop/{name}/*", f"log-group:/aws/*/shop/{name}/*", f"log-group:/aws/*/{own}"],
        "rds": [f"db:{own}", f"pg:{own}", f"subgrp:{own}", f"snapshot:{own}", "auto-backup:*"],
        "scheduler": [f"schedule/default/{own}"],
        "secretsmanager": [f"secret:{own}"],
        "sns": [own],
        "sqs": [own],
    }
    mine = [arn(service, resource) for service, resources in named.items() for resource in resources]
    dashboards = arn("cloudwatch", f"dashboard/{own}", place=f":{account}")
    served = [f"{one}.amazonaws.com" for one in SERVED]
    buckets = [f"arn:{partition}:s3:::{own}"]
    return {
        "Version": "2012-10-17",
        "Statement": [
            allow(READ, "*"),
            allow([f"{service}:*" for service in named], [*mine, dashboards]),
            allow(["s3:*"], buckets),
            allow(
                ["s3:GetObject", "s3:PutObject", "s3:ListBucket"], f"arn:{partition}:s3:::shop-class-assets-{account}-*"
            ),
            allow(["lambda:GetLayerVersion"], arn("lambda", "layer:*", place="*:*")),
            allow(NETWORK, "*", StringEquals={"aws:RequestTag/shop:deployment": name}),
            allow(["ec2:CreateSecurityGroup"], arn("ec2", "vpc/*")),
            allow(RULES, "*", StringEquals={"aws:ResourceTag/shop:deployment": name}),
            allow(BY_ID, "*"),
            allow(
                ["kms:CreateGrant"], "*", Bool={"kms:GrantIsForAWSResource": "true"}
            ),  # the disk of RDS, under AWS's own key
            allow(ROLE, roles, ArnLike={"iam:PermissionsBoundary": boundary}),
            allow(OWN_ROLE, roles),
            allow(["iam:PassRole"], roles, StringEquals={"iam:PassedToService": served}),
            allow(
                ["iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole"],
                arn("iam", "role/aws-service-role/*", place=f":{account}"),
            ),
            {"Effect": "Deny", "Action": "iam:DeleteRolePermissionsBoundary", "Resource": "*"},
            {
                "Effect": "Deny",
                "Action": [f"cloudformation:{verb}*" for verb in ("Create", "Delete", "Execute", "Set", "Update")],
                "Resource": arn("cloudformation", "stack/shop-class/*"),
            },
        ],
    }


def allow(actions: list[str], resources: str | list[str], **condition: Any) -> dict[str, Any]:
    """A statement."""
    more = {"Condition": condition} if condition else {}
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}
