"""The dashboard of one service: its alarms, its requests, its points, and what AWS says of what it runs on."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from infra.dashboards.page import Page, Widget, alarms, chart, log, metric, text
from infra.naming import Deployment
from shop.contracts import topology
from shop.contracts.topology import StreamSource, dead_letter_queue
from shop.telemetry import names
from shop.telemetry.examples import NEWEST_LINES, SLOW_ROUTES
from shop.telemetry.points import Point, points
from shop.telemetry.queries import in_environment

__all__ = ["both", "links", "service_page", "value"]

HOUR = timedelta(hours=1)
MINUTES = timedelta(minutes=5)
PLACES = (  # of the CloudWatch console: what, and where in it
    ("トレース / Traces", "xray:traces/query"),
    ("サービスマップ / Map", "application-signals:map"),
    ("Application Signals", "application-signals:services"),
    ("ログのインサイト / Logs Insights", "logsV2:logs-insights"),
    ("アラーム / Alarms", "alarmsV2:"),
)


def service_page(deployment: Deployment, service: str, ringing: Sequence[str], region: str) -> Page:
    """`ringing`: the ARNs of its alarms."""
    page = Page(region)
    page.row(text(f"# {service} ({deployment.name})\n\n{links(deployment, region)}"), height=3)
    page.row(alarms("アラーム / Alarms", ringing), height=3)
    page.heading("リクエスト / Requests")
    page.row(*requests(deployment, service))
    page.heading("観測ポイント / Observability points: 直近 1 時間 / the last hour")
    for point in (each for each in points() if each.service == service):
        page.row(*(widget for widget in (value(deployment, point), parts(deployment, point)) if widget))
    page.rows(logs_of_points(deployment, service), each=2)
    page.heading("イベントとキュー / Events and queues")
    page.row(*events(deployment, service), *queues(deployment, service))
    page.heading("実行環境とデータ / What it runs on")
    page.rows([*running(deployment, service), *data(deployment, service)], each=3)
    page.heading("ログ / Logs")
    group = [deployment.log_group(service)]
    page.row(log("遅いルート / Slow routes", group, SLOW_ROUTES), log("新しい行 / Newest lines", group, NEWEST_LINES))
    return page


def links(deployment: Deployment, region: str) -> str:
    """To the other dashboards, and to where else there is something to see."""
    console = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#"
    others = ("business", *topology.SERVICES)
    boards = " · ".join(f"[{name}]({console}dashboards/dashboard/{deployment.named(name)})" for name in others)
    places = " · ".join(f"[{what}]({console}{where})" for what, where in PLACES)
    return f"{boards}\n\n{places}"


def both(point: Point) -> str:
    """Its title in both languages."""
    return f"{point.title.ja} / {point.title.en}"


def value(deployment: Deployment, point: Point) -> Widget:
    """A point's value over time, in the console's words."""
    unit = "" if point.unit == "1" else point.unit.strip("{}")
    return chart(both(point), ("", in_environment(point.promql(HOUR), deployment.name)), unit=unit)


def parts(deployment: Deployment, point: Point) -> Widget | None:
    """What it is made of, where it is of several."""
    query = point.promql_by(MINUTES)
    if query is None:
        return None
    by = ", ".join(point.by)
    return chart(f"{point.title.ja}: {by} (5 min)", ("", in_environment(query, deployment.name)))


def logs_of_points(deployment: Deployment, service: str) -> Iterator[Widget]:
    """What the logs tell beyond."""
    for point in points():
        for query in point.queries if point.service == service else ():
            yield log(f"{query.title.ja} / {query.title.en}", [deployment.log_group(service)], query.insights)


def requests(deployment: Deployment, service: str) -> Iterator[Widget]:
    """Rate, errors, duration."""

    def over(*more: str) -> str:
        where = ", ".join([f'"{names.HTTP_SERVER_REQUEST_DURATION}"', own(service), *more])
        return f"sum_over_time({{{where}}}[5m])"

    def counted(by: str, *more: str) -> str:
        return in_environment(f'sum by ("{by}") (histogram_count({over(*more)})) / 300', deployment.name)

    def quantile(q: float) -> str:
        return in_environment(f"histogram_quantile({q}, sum({over()}))", deployment.name)

    yield chart("毎秒のリクエスト / Requests per second", ("", counted(names.HTTP_ROUTE)))
    failed = counted(names.ERROR_TYPE, f'"{names.ERROR_TYPE}"!=""')
    yield chart("毎秒の失敗 / Failures per second", ("", failed))
    quantiles = ((f"p{round(q * 100)}", quantile(q)) for q in (0.5, 0.95, 0.99))
    yield chart("応答時間 / Duration", *quantiles, unit="s")


def events(deployment: Deployment, service: str) -> Iterator[Widget]:
    """How late it handles them, and what it could not."""

    def by_queue(metric_name: str) -> str:
        where = f'"{metric_name}", {own(service)}'
        query = f'sum by ("{names.MESSAGING_DESTINATION_NAME}") (sum_over_time({{{where}}}[5m]))'
        return in_environment(query, deployment.name)

    late = f"histogram_quantile(0.95, {by_queue(names.EVENTS_DELAY)})"
    yield chart("イベントの遅延 p95 / Event delay", ("", late), unit="s")
    yield chart("デッドレターになったもの / Dead-lettered", ("", by_queue(names.MESSAGES_DEAD_LETTERED)))


def queues(deployment: Deployment, service: str) -> Iterator[Widget]:
    """What waits, for how long, and what nobody could handle."""

    def of(name: str, metric_name: str) -> list[Any]:
        return ["AWS/SQS", metric_name, "QueueName", deployment.named(name), {"label": name}]

    own = [queue.name for queue in topology.QUEUES if queue.service == service]
    depth, age = "ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"
    yield metric("待っている数 / Waiting", "Maximum", *(of(name, depth) for name in own))
    yield metric("最も古いもの / Oldest", "Maximum", *(of(name, age) for name in own), unit="s")
    yield metric("デッドレター / Dead letters", "Maximum", *(of(dead_letter_queue(name), depth) for name in own))


def running(deployment: Deployment, service: str) -> Iterator[Widget]:
    """Functions, or tasks on Fargate."""
    functions = [function for function in topology.FUNCTIONS if function.service == service]
    if functions:
        yield from of_functions(deployment, service, functions)
    containers = [container.name for container in topology.CONTAINERS if container.service == service]
    for title, name in (("CPU", "CPUUtilization"), ("メモリ / Memory", "MemoryUtilization")):
        rows = [of_task(deployment, container, name) for container in containers]
        if rows:
            yield metric(f"Fargate: {title}", "Average", *rows, unit="%")


def of_task(deployment: Deployment, container: str, name: str) -> list[Any]:
    """A metric of a service on Fargate."""
    cluster = deployment.named("services")
    label = {"label": container}
    return ["AWS/ECS", name, "ClusterName", cluster, "ServiceName", deployment.named(container), label]


def of_functions(deployment: Deployment, service: str, functions: list[topology.Function]) -> Iterator[Widget]:
    """How often, how long, what failed, what was held back, and what began anew."""

    def each(name: str, some: list[topology.Function], **more: str) -> list[list[Any]]:
        return [
            ["AWS/Lambda", name, "FunctionName", deployment.named(one.name), {"label": f"{one.name}", **more}]
            for one in some
        ]

    yield metric("Lambda: 呼び出し / Invocations", "Sum", *each("Invocations", functions))
    yield metric("Lambda: 時間 / Duration p95", "p95", *each("Duration", functions), unit="ms")
    yield metric("Lambda: エラー / Errors", "Sum", *each("Errors", functions))
    yield metric("Lambda: スロットリング / Throttles", "Sum", *each("Throttles", functions))
    cold = f'sum by ("@resource.{names.FAAS_NAME}") (sum_over_time({{"{names.FAAS_COLDSTARTS}", {own(service)}}}[5m]))'
    yield chart("Lambda: コールドスタート / Cold starts", ("", in_environment(cold, deployment.name)))
    relays = [function for function in functions if isinstance(function.source, StreamSource)]
    if relays:
        yield metric("ストリームの遅れ / Stream's lag", "Maximum", *each("IteratorAge", relays), unit="ms")


def own(service: str) -> str:
    """What selects a service's series."""
    return f'"@resource.service.name"="{service}"'


def data(deployment: Deployment, service: str) -> Iterator[Widget]:
    """PostgreSQL, or a DynamoDB table."""
    if service in topology.DATABASES:
        server = ["DBInstanceIdentifier", deployment.named("postgres")]
        yield metric("RDS: CPU", "Average", ["AWS/RDS", "CPUUtilization", *server], unit="%")
        yield metric("RDS: 接続 / Connections", "Maximum", ["AWS/RDS", "DatabaseConnections", *server])
        latencies = [["AWS/RDS", name, *server] for name in ("ReadLatency", "WriteLatency")]
        yield metric("RDS: 読み書き / Reads, writes", "Average", *latencies, unit="s")
        credits_left = ["AWS/RDS", "CPUCreditBalance", *server]
        yield metric("RDS: CPU クレジット / CPU credits", "Minimum", credits_left)
    for table in (each for each in topology.TABLES if each.service == service):
        name = ["TableName", deployment.named(table.name)]
        used = [["AWS/DynamoDB", f"Consumed{what}CapacityUnits", *name] for what in ("Read", "Write")]
        yield metric("DynamoDB: 使用量 / Consumed", "Sum", *used)
        held = [["AWS/DynamoDB", f"{what}ThrottleEvents", *name] for what in ("Read", "Write")]
        yield metric("DynamoDB: スロットリング / Throttles", "Sum", *held)
