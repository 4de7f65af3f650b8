"""Where a shop can be tried: a deployment on AWS, or a running shop on this machine. Both are asked the same way."""

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from shop.deploy.aws import stacks
from shop.deploy.aws.account import CONFIG, AwsAccount
from shop.deploy.aws.smoke.visitor import Unexpected
from shop.local.running import known

__all__ = ["ConsoleTelemetry", "Place", "Telemetry", "on_aws", "on_this_machine"]

INSIGHTS = 1.0  # seconds between two looks at a query of Logs Insights


class Telemetry:
    """What CloudWatch knows. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-PromQL-API-QueryMetrics.html"""

    def __init__(self, account: AwsAccount, environment: str) -> None:
        self.account, self.environment = account, environment

    def spans(self, trace_id: str) -> int:
        """How many spans of a trace have arrived in the log group of Transaction Search."""
        client = self.account.client("logs")
        now = int(time.time())
        query = client.start_query(
            logGroupName="aws/spans",
            startTime=now - 3600,
            endTime=now + 60,
            queryString=f'filter traceId = "{trace_id}" | stats count(*) as spans',
        )["queryId"]
        while True:
            told = client.get_query_results(queryId=query)
            if told["status"] in {"Complete", "Failed", "Cancelled", "Timeout"}:
                break
            time.sleep(INSIGHTS)
        if told["status"] != "Complete":
            raise Unexpected(f"Logs Insights: {told['status']}")
        cells = {cell["field"]: cell["value"] for row in told["results"] for cell in row}
        return int(cells.get("spans", 0))

    def value(self, promql: str) -> float:
        """The value of an instant query, which has one; 0 when there is none."""
        where = self.account.client("cloudwatch").meta.endpoint_url + "/api/v1/query"
        body = urllib.parse.urlencode({"query": promql}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        signed = AWSRequest("POST", where, data=body, headers=headers)
        SigV4Auth(self.account.session.get_credentials(), "monitoring", self.account.region).add_auth(signed)
        request = urllib.request.Request(where, body, dict(signed.headers), method="POST")  # noqa: S310 - AWS's
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - likewise
            return first(json.load(answer))


class ConsoleTelemetry:
    """What the console on this machine knows, asked by the same queries."""

    environment = "local"

    def __init__(self, console: str) -> None:
        self.console = console

    def get(self, path: str) -> Any:
        """The JSON of an answer; None for 404."""
        try:
            with urllib.request.urlopen(self.console + path, timeout=30) as answer:  # noqa: S310 - our own
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def spans(self, trace_id: str) -> int:
        """How many spans of a trace it has."""
        return len((self.get(f"/api/traces/{trace_id}") or {"spans": ()})["spans"])

    def value(self, promql: str) -> float:
        """The value of an instant query."""
        return first(self.get(f"/api/v1/query?{urllib.parse.urlencode({'query': promql})}"))


def first(told: Any) -> float:
    """The one value in an answer of the Prometheus API."""
    found = told["data"]["result"]
    return float(found[0]["value"][1]) if found else 0.0


@dataclass(frozen=True)
class Place:
    """A shop with what only its operator can reach: its users' table and user pool."""

    url: str
    table: str
    pool: str
    client: Callable[[str], Any]
    telemetry: Telemetry | ConsoleTelemetry


def on_aws(account: AwsAccount, name: str) -> Place:
    """A deployment. Failed when it is not there."""
    return Place(
        url=stacks.outputs(account, f"shop-{name}-front")["Url"],
        table=f"shop-{name}-users",
        pool=stacks.outputs(account, f"shop-{name}-identity")["UserPoolId"],
        client=account.client,
        telemetry=Telemetry(account, name),
    )


def on_this_machine(data: Path) -> Place:
    """The shop that runs on this folder. Refused when none does."""
    told = known(data)
    shop, settings = told["shop"], told["seeding"]
    reached = {
        "endpoint_url": shop["aws"]["endpoint"],
        "region_name": shop["aws"]["region"],
        "aws_access_key_id": shop["aws"]["accessKeyId"],
        "aws_secret_access_key": shop["aws"]["secretAccessKey"],
    }
    return Place(
        url=shop["gateway"],
        table="users",
        pool=settings["USER_POOL_ID"],
        client=lambda service: boto3.client(service, config=CONFIG, **reached),
        telemetry=ConsoleTelemetry(shop["console"]),
    )
