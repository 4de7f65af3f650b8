"""The dashboard of the business: every observability point as it stands, and the entrance of the shop."""

from collections.abc import Iterator, Sequence

from infra.dashboards.page import Page, Widget, alarms, log, metric, number, text
from infra.dashboards.service import HOUR, both, links
from infra.naming import Deployment
from shop.contracts import topology
from shop.telemetry.examples import FAILURES
from shop.telemetry.points import Point, points
from shop.telemetry.queries import in_environment

__all__ = ["business_page"]


def business_page(deployment: Deployment, ringing: Sequence[str], region: str, api_id: str) -> Page:
    """`ringing`: the ARNs of all alarms on objectives; `api_id`: of the HTTP API."""
    page = Page(region)
    page.row(text(f"# Mieruka Shop ({deployment.name})\n\n{links(deployment, region)}"), height=3)
    page.row(alarms("アラームと SLO / Alarms and SLOs", ringing), height=4)
    for service in topology.SERVICES:
        page.heading(f"{service}: 直近 1 時間 / the last hour")
        page.row(*(now(deployment, point) for point in points() if point.service == service), height=5)
    page.heading("入口 / The entrance")
    page.row(*entrance(api_id))
    groups = [deployment.log_group(service) for service in topology.SERVICES]
    page.row(log("サービスごとの失敗 / Failures by service", groups, FAILURES))
    return page


def now(deployment: Deployment, point: Point) -> Widget:
    """A point's value, in the console's words."""
    unit = point.unit.strip("{}")
    return number(
        f"{both(point)}{f' ({unit})' if unit != '1' else ''}", in_environment(point.promql(HOUR), deployment.name)
    )


def entrance(api_id: str) -> Iterator[Widget]:
    """What the HTTP API sees, before any service."""
    api = ["ApiId", api_id]
    yield metric("リクエスト / Requests", "Sum", ["AWS/ApiGateway", "Count", *api])
    yield metric("失敗 / Failures", "Sum", *(["AWS/ApiGateway", name, *api] for name in ("4xx", "5xx")))
    times = [["AWS/ApiGateway", name, *api, {"stat": "p95"}] for name in ("Latency", "IntegrationLatency")]
    yield metric("応答時間 p95 / Duration", "p95", *times, unit="ms")
