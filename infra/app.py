"""The CDK application: which stacks there are, and how they stand on each other."""

from pathlib import Path

from aws_cdk import App
from aws_cdk.cx_api import CloudAssembly

from infra.naming import Deployment
from infra.stacks.classroom import Classroom
from infra.stacks.data import Data
from infra.stacks.identity import Identity
from infra.stacks.messaging import Messaging

__all__ = ["build", "synthesize"]


def build(app: App, deployment: Deployment) -> None:
    """The account's own stack, and one deployment's."""
    Classroom(app)
    messaging = Messaging(app, deployment)
    Data(app, deployment, messaging.queues)
    Identity(app, deployment)


def synthesize(deployment: Deployment, out: Path) -> CloudAssembly:
    """Write every template below `out`."""
    app = App(outdir=str(out), analytics_reporting=False)
    build(app, deployment)
    return app.synth()
