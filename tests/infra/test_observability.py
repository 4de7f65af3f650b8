"""What is seen in CloudWatch: every point, objective and queue, in the words of the console, and of this deployment."""

import json
import os
import re
import subprocess
import sys
from datetime import timedelta

import pytest
from tests.infra.conftest import LONGEST, ROOT
from tests.infra.everything import every, resolved, text
from tests.support.series import Kept

from infra.__main__ import NODE
from shop.console.insights.grammar import parse as parse_insights
from shop.console.promql import instant
from shop.console.promql.tree import parse, selectors
from shop.contracts import topology
from shop.contracts.topology import dead_letter_queue
from shop.telemetry.points import points
from shop.telemetry.queries import ENVIRONMENT, in_environment, queries
from shop.telemetry.slos import Latest, Objective, slos

PREFIX = f"shop-{LONGEST}-"
STACK = "observability"
NOW = 1_800_000_000 * 10**9
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
WIDGETS, METRICS_OF_A_WIDGET, METRICS_OF_A_DASHBOARD = 500, 500, 2500
BODY_BYTES = 100_000  # AWS names no limit; this is well below what others have deployed
ALARMS_OF_A_WIDGET, QUERY_LENGTH, SAVED_NAME = 100, 10_000, r"(?:[^:*/]+/?)*[^:*/]+"


@pytest.fixture(scope="session")
def alarms(templates):
    return {made.properties["AlarmName"]: made for made in every(templates, "AWS::CloudWatch::Alarm")}


@pytest.fixture(scope="session")
def bodies(templates):
    """Every dashboard, as PutDashboard gets it."""
    return {
        made.properties["DashboardName"].removeprefix(PREFIX): text(made.properties["DashboardBody"])
        for made in every(templates, "AWS::CloudWatch::Dashboard")
    }


@pytest.fixture(scope="session")
def dashboards(bodies):
    return {name: json.loads(body)["widgets"] for name, body in bodies.items()}


def of(widgets, kind):
    return [widget["properties"] for widget in widgets if widget["type"] == kind]


def asked(widgets):
    """Every PromQL query of some widgets."""
    return [query["query"] for chart in of(widgets, "chart") for query in chart["data"]["queries"]]


def promql(alarm):
    return alarm.properties["EvaluationCriteria"]["PromQLCriteria"]["Query"]


def is_on_promql(alarm):
    return "EvaluationCriteria" in alarm.properties


# ------------------------------------------------------------------------------------------------------------- alarms


def test_every_objective_and_figure_is_an_alarm_with_the_consoles_query(alarms):
    wanted = {
        f"{PREFIX}{what.id}-{severity}": in_environment(query, LONGEST)
        for what in slos().judged
        if isinstance(what, Objective) or not isinstance(what.figure, Latest)
        for severity, query in queries(what).items()
    }

    assert {name: promql(alarm) for name, alarm in alarms.items() if is_on_promql(alarm)} == wanted
    assert {f"{PREFIX}{what.id}-{each}" for what in slos().objectives for each in ("page", "ticket")} <= set(wanted)


def test_every_queue_has_an_alarm_and_every_dead_letter_queue(alarms, templates):
    watched = {}
    for alarm in alarms.values():
        if not is_on_promql(alarm):
            (dimension,) = alarm.properties["Dimensions"]
            assert (alarm.properties["Namespace"], dimension["Name"]) == ("AWS/SQS", "QueueName")
            watched[dimension["Value"]] = (alarm.properties["MetricName"], alarm.properties["Threshold"])

    ages = {f"{PREFIX}{queue.name}": ("ApproximateAgeOfOldestMessage", 60) for queue in topology.QUEUES}
    depths = {
        f"{PREFIX}{dead_letter_queue(queue.name)}": ("ApproximateNumberOfMessagesVisible", 0)
        for queue in topology.QUEUES
    }
    assert watched == ages | depths
    assert set(watched) == {queue.properties["QueueName"] for queue in every(templates, "AWS::SQS::Queue")}


def test_every_alarm_tells_the_topic_that_notifications_hears(alarms, templates):
    (topic,) = (made.properties["TopicName"] for made in every(templates, "AWS::SNS::Topic"))
    for name, alarm in alarms.items():
        for actions in ("AlarmActions", "OKActions"):
            (action,) = alarm.properties[actions]
            assert text(action).endswith(f"${{AWS::AccountId}}:{topic}"), name
        assert alarm.properties.get("ActionsEnabled", True) is True


def test_an_alarm_is_within_what_cloudwatch_takes(alarms):
    for name, alarm in alarms.items():
        assert len(alarm.properties["AlarmDescription"]) <= 1024, name
        if is_on_promql(alarm):
            assert len(promql(alarm)) <= QUERY_LENGTH, name
            assert 10 <= alarm.properties["EvaluationInterval"] <= 3600, name
            assert alarm.properties["EvaluationCriteria"]["PromQLCriteria"]["RecoveryPeriod"] <= 86_400, name


# --------------------------------------------------------------------------------------------------------- dashboards


def test_there_is_a_dashboard_for_each_service_and_one_for_the_business(dashboards):
    assert set(dashboards) == {*topology.SERVICES, "business"}


@pytest.mark.parametrize("point", points(), ids=lambda point: point.id)
def test_every_point_is_on_its_services_dashboard_and_on_the_business_with_the_consoles_text(dashboards, point):
    words = in_environment(point.promql(timedelta(hours=1)), LONGEST)
    for board in (point.service, "business"):
        (found,) = [chart for chart in of(dashboards[board], "chart") if words in asked([as_widget(chart)])]
        assert point.title.ja in found["title"]
        assert point.title.en in found["title"]


def as_widget(properties):
    return {"type": "chart", "properties": properties}


def test_every_query_is_promql_that_runs_and_asks_for_this_deployment_alone(alarms, dashboards):
    everything = [promql(alarm) for alarm in alarms.values() if is_on_promql(alarm)]
    everything += [query for widgets in dashboards.values() for query in asked(widgets)]

    assert len(everything) > 100
    for query in everything:
        instant(Kept([]), query, NOW)
        for matchers in selectors(parse(query, NOW, NOW)):
            found = {(matcher.name, matcher.op, matcher.value) for matcher in matchers}
            assert (ENVIRONMENT, "=", LONGEST) in found, query


def test_requests_queues_and_what_a_service_runs_on_are_on_its_dashboard(dashboards):
    for service in topology.SERVICES:
        shown = {(row[0], row[1], row[-2]) for widget in of(dashboards[service], "metric") for row in widget["metrics"]}
        shown = {(space, name, text(value)) for space, name, value in shown}
        for queue in (queue.name for queue in topology.QUEUES if queue.service == service):
            assert ("AWS/SQS", "ApproximateAgeOfOldestMessage", f"{PREFIX}{queue}") in shown
            behind = f"{PREFIX}{dead_letter_queue(queue)}"
            assert ("AWS/SQS", "ApproximateNumberOfMessagesVisible", behind) in shown
        for function in (each.name for each in topology.FUNCTIONS if each.service == service):
            for name in ("Invocations", "Duration", "Errors", "Throttles"):
                assert ("AWS/Lambda", name, f"{PREFIX}{function}") in shown
        for container in (each.name for each in topology.CONTAINERS if each.service == service):
            for name in ("CPUUtilization", "MemoryUtilization"):
                assert ("AWS/ECS", name, f"{PREFIX}{container}") in shown
        requests = [query for query in asked(dashboards[service]) if "http.server.request.duration" in query]
        assert len(requests) >= 5


def test_what_dashboards_name_is_what_the_other_stacks_make(templates, dashboards):
    made = {
        "QueueName": {one.properties["QueueName"] for one in every(templates, "AWS::SQS::Queue")},
        "FunctionName": {text(one.properties["FunctionName"]) for one in every(templates, "AWS::Lambda::Function")},
        "ServiceName": {one.properties["ServiceName"] for one in every(templates, "AWS::ECS::Service")},
        "ClusterName": {one.properties["ClusterName"] for one in every(templates, "AWS::ECS::Cluster")},
        "DBInstanceIdentifier": {
            one.properties["DBInstanceIdentifier"] for one in every(templates, "AWS::RDS::DBInstance")
        },
        "TableName": {one.properties["TableName"] for one in every(templates, "AWS::DynamoDB::GlobalTable")},
    }
    for board, widgets in dashboards.items():
        for row in (row for widget in of(widgets, "metric") for row in widget["metrics"]):
            named = [each for each in row[2:] if isinstance(each, str)]
            for dimension, value in zip(named[::2], named[1::2], strict=True):
                assert dimension == "ApiId" or value in made[dimension], (board, row)


def test_what_is_named_is_there_before_what_names_it(assembly):
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]

    before = artifacts[f"{PREFIX}{STACK}"]["dependencies"]

    assert {f"{PREFIX}{part}" for part in ("messaging", "functions", "services", "front")} <= set(before)


def test_logs_are_read_where_the_services_write_them(templates, dashboards):
    groups = {one.properties["LogGroupName"] for one in every(templates, "AWS::Logs::LogGroup")}
    read = {
        group
        for widgets in dashboards.values()
        for widget in of(widgets, "log")
        for group in re.findall(r"SOURCE '([^']+)'", widget["query"])
    }

    assert read == {f"/shop/{LONGEST}/{service}" for service in topology.SERVICES}
    assert read <= groups


def test_alarm_widgets_show_alarms_of_ours(templates, dashboards, alarms):
    shown = set()
    for widgets in dashboards.values():
        for widget in of(widgets, "alarm"):
            assert 0 < len(widget["alarms"]) <= ALARMS_OF_A_WIDGET
            shown |= set(widget["alarms"])

    assert shown == {f"${{{alarm.id}.Arn}}" for alarm in alarms.values()}


def test_a_dashboard_is_within_cloudwatchs_limits(bodies, dashboards):
    for name, widgets in dashboards.items():
        metrics = [len(widget["metrics"]) for widget in of(widgets, "metric")]
        assert len(bodies[name].encode()) < BODY_BYTES, name
        assert bodies[name].isascii(), name
        assert len(widgets) <= WIDGETS
        assert max(metrics) <= METRICS_OF_A_WIDGET
        assert sum(metrics) + len(asked(widgets)) <= METRICS_OF_A_DASHBOARD


def test_widgets_stand_on_the_page_and_on_none_other(dashboards):
    for name, widgets in dashboards.items():
        taken: set[tuple[int, int]] = set()
        for widget in widgets:
            place = (widget["x"], widget["y"], widget["width"], widget["height"])
            assert widget["x"] + widget["width"] <= 24, name
            cells = {
                (column, row)
                for column in range(place[0], place[0] + place[2])
                for row in range(place[1], place[1] + place[3])
            }
            assert not cells & taken, (name, widget)
            taken |= cells


def test_a_chart_has_all_that_cloudwatch_wants_of_one(dashboards):
    for widgets in dashboards.values():
        for chart in of(widgets, "chart"):
            assert {"title", "view", "region", "data", "plotOptions"} <= set(chart)
            for query in chart["data"]["queries"]:
                assert (query["type"], query["language"]) == ("cloudwatch-metrics", "PromQL")
            if chart["view"] == "line":
                options = chart["plotOptions"]["style"]["lineOptions"]
                assert set(options) == {"width", "pattern", "spline", "filled", "stacked"}


# ------------------------------------------------------------------------------------------------------ saved queries


def test_every_query_over_logs_and_spans_is_saved(templates):
    saved = {made.properties["Name"]: made.properties for made in every(templates, "AWS::Logs::QueryDefinition")}
    texts = [one["QueryString"] for one in saved.values()]

    for point in points():
        for words in filter(None, [point.insights, *(query.insights for query in point.queries)]):
            assert words in texts, point.id
        if point.spans:
            assert any(words.endswith(point.spans) and LONGEST in words for words in texts), point.id
    assert len(saved) == len(texts)
    for name, one in saved.items():
        assert name.startswith(f"shop/{LONGEST}/")
        assert len(name) <= 255
        assert re.fullmatch(SAVED_NAME, name), name
        parse_insights(one["QueryString"])


def test_the_entrance_is_that_of_this_deployment(templates, dashboards):
    rows = [row for widget in of(dashboards["business"], "metric") for row in widget["metrics"]]
    ids = {row[3] for row in rows if row[2] == "ApiId"}

    (name,) = ids
    stack, api = resolved(templates, STACK, {"Fn::ImportValue": name.removeprefix("${").removesuffix("}")})
    assert templates[stack]["Resources"][api]["Type"] == "AWS::ApiGatewayV2::Api"


# -------------------------------------------------------------------------------------------------------- the account


def test_the_account_keeps_spans_and_discovers_services(templates):
    made = {one.type for one in every({"class": templates["class"]})}

    assert {"AWS::XRay::TransactionSearchConfig", "AWS::ApplicationSignals::Discovery"} <= made


def test_an_account_that_does_so_already_is_left_as_it_is(tmp_path):
    """CloudFormation answers AlreadyExists, and the whole stack is rolled back."""
    code = """
import sys
from aws_cdk import App
from infra.naming import Account
from infra.stacks.classroom import Classroom
app = App(outdir=sys.argv[1], analytics_reporting=False)
Classroom(app, Account("shop@example.com", 150, traced=True))
app.synth()
"""
    environment = {**os.environ, "JSII_NODE": str(NODE)}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, env=environment, check=True, timeout=300)
    template = json.loads((tmp_path / "shop-class.template.json").read_text())

    made = {one.type for one in every({"class": template})}
    assert "AWS::EC2::VPC" in made
    assert not made & {
        "AWS::XRay::TransactionSearchConfig",
        "AWS::ApplicationSignals::Discovery",
        "AWS::Logs::ResourcePolicy",
    }
