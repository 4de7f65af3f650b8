"""Who is who: the Cognito user pool with its groups, and the client of the service users."""

from aws_cdk import CfnOutput, Duration, RemovalPolicy, SecretValue
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_secretsmanager as secrets
from constructs import Construct

from infra.naming import Deployment
from infra.reasons import accept
from infra.stacks.base import DeploymentStack, tag
from shop.contracts import topology

__all__ = ["Identity"]


class Identity(DeploymentStack):
    """As the local provisioner makes it; a test holds both against each other."""

    def __init__(self, scope: Construct, deployment: Deployment) -> None:
        super().__init__(scope, deployment, "identity", "user pool and its client")
        tag(self, "users")
        self.pool = cognito.UserPool(
            self,
            "Pool",
            user_pool_name=deployment.named(topology.USER_POOL),
            sign_in_aliases=cognito.SignInAliases(email=True),
            sign_in_case_sensitive=False,
            self_sign_up_enabled=True,
            auto_verify=cognito.AutoVerifiedAttrs(),  # the shop mails its own codes
            feature_plan=cognito.FeaturePlan.ESSENTIALS,
            password_policy=cognito.PasswordPolicy(
                min_length=8, require_uppercase=True, require_lowercase=True, require_digits=True, require_symbols=False
            ),
            account_recovery=cognito.AccountRecovery.NONE,
            removal_policy=RemovalPolicy.DESTROY,
            deletion_protection=False,
        )
        accept(self.pool, "AwsSolutions-COG1", "the shop's contract asks for no symbol: length counts for more")
        accept(self.pool, "AwsSolutions-COG2", "customers of a shop to learn on; the contract has one factor")
        accept(self.pool, "AwsSolutions-COG8", "Plus costs per user; the service throttles wrong passwords itself")
        for group in topology.GROUPS:
            cognito.CfnUserPoolGroup(self, group.capitalize(), user_pool_id=self.pool.user_pool_id, group_name=group)
        self.client = self.pool.add_client(
            "Client",
            user_pool_client_name="users",
            generate_secret=True,
            auth_flows=cognito.AuthFlow(user_password=True, admin_user_password=True),
            access_token_validity=Duration.minutes(15),
            id_token_validity=Duration.minutes(15),
            refresh_token_validity=Duration.days(30),
            enable_token_revocation=True,
            prevent_user_existence_errors=True,
            disable_o_auth=True,
        )
        self.client_secret = secrets.Secret(
            self,
            "ClientSecret",
            secret_name=deployment.named("user-pool-client"),
            description="the secret of the user pool's client, as Cognito made it",
            secret_string_value=SecretValue.resource_attribute(
                self.client.node.default_child.attr_client_secret  # CDK's own property is a function with a log
            ),
            removal_policy=RemovalPolicy.DESTROY,
        )
        accept(self.client_secret, "AwsSolutions-SMG4", "Cognito makes it, once for a client")
        CfnOutput(self, "UserPoolId", value=self.pool.user_pool_id)

    @property
    def issuer(self) -> str:
        """Who signs access tokens."""
        return f"https://cognito-idp.{self.region}.amazonaws.com/{self.pool.user_pool_id}"

    @property
    def jwks_url(self) -> str:
        """Where the public keys are."""
        return f"{self.issuer}/.well-known/jwks.json"
