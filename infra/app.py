"""The CDK application: which stacks there are, and how they stand on each other."""

from pathlib import Path

from aws_cdk import App, CliCredentialsStackSynthesizer, Validations
from aws_cdk.cx_api import CloudAssembly

from infra.naming import Account, Deployment
from infra.stacks.classroom import ASSETS, Classroom
from infra.stacks.data import Data
from infra.stacks.edge import Edge
from infra.stacks.front import Front
from infra.stacks.functions import Functions
from infra.stacks.identity import Identity
from infra.stacks.images import Images
from infra.stacks.messaging import Messaging
from infra.stacks.observability import Observability
from infra.stacks.services import Services

__all__ = ["build", "synthesize"]


def build(app: App, account: Account, deployment: Deployment | None, packages: Path) -> None:
    """The account's own stack, and one deployment's, if any. `packages`: the folder with a zip for each service."""
    Classroom(app, account)
    if deployment is None:
        return
    images = Images(app, deployment)
    messaging = Messaging(app, deployment)
    data = Data(app, deployment, messaging.queues)
    identity = Identity(app, deployment)
    front = Front(app, deployment)
    functions = Functions(
        app, deployment, packages, account.sender, messaging=messaging, data=data, identity=identity, front=front
    )
    services = Services(app, deployment, messaging=messaging, data=data, identity=identity, front=front, images=images)
    Edge(app, deployment, front=front, services=services, functions=functions)
    observability = Observability(app, deployment, front)
    for named in (messaging, functions, services):  # it knows their log groups and topics by name only
        observability.add_stack_dependency(named)


def synthesize(
    account: Account, deployment: Deployment | None, packages: Path, out: Path, *, check: bool = False
) -> CloudAssembly:
    """Write every template below `out`. With `check`, what cdk-nag finds, and nobody has accepted, stops it."""
    deploys = CliCredentialsStackSynthesizer(file_assets_bucket_name=ASSETS)  # docs/adr/0019: no bootstrap, no roles
    app = App(outdir=str(out), analytics_reporting=False, default_stack_synthesizer=deploys)
    build(app, account, deployment, packages)
    if check:
        from cdk_nag import AwsSolutionsChecks  # noqa: PLC0415 - only checks need it

        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app.synth()
