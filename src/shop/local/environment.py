"""The settings of every process and function on this machine, as environment variables: what the stacks set on AWS."""

from shop.contracts import topology
from shop.local.emulator import Access
from shop.local.provision import Provisioned

__all__ = ["common"]

MAIL_FROM = "shop@mieruka.example"
OPERATOR_EMAIL = "operator@mieruka.example"


def common(access: Access, provisioned: Provisioned) -> dict[str, str]:
    """What every service gets: where AWS is, and what was made there."""
    return {
        **access.environment(),
        "DEPLOYMENT_ENVIRONMENT": "local",
        "EVENT_BUS": topology.BUS,
        "QUEUE_URL_PREFIX": access.queue_url_prefix,
        "IMAGES_BUCKET": provisioned.images_bucket,
        "USER_POOL_ID": provisioned.user_pool_id,
        "USER_POOL_CLIENT_ID": provisioned.user_pool_client_id,
        "USER_POOL_CLIENT_SECRET": provisioned.user_pool_client_secret,
        "TOKEN_ISSUER": provisioned.token_issuer,
        "JWKS_URL": provisioned.jwks_url,
        "MAIL_FROM": MAIL_FROM,
        "OPERATOR_EMAIL": OPERATOR_EMAIL,
    }
