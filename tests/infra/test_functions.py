"""The functions on AWS are those of the topology, and get every setting that their code reads."""

import importlib
import re
from pathlib import Path

import pytest
from tests.infra.conftest import LONGEST
from tests.infra.reading import allowed, flat, resources

from infra.ids import pascal
from infra.naming import Deployment
from shop.contracts.topology import FUNCTIONS, QUEUES, QueueSource, StreamSource
from shop.kernel.config import load

# What is for others than the code of `app`: the telemetry, the collector.
FOR_OTHERS = {"DEPLOYMENT_ENVIRONMENT", "OPENTELEMETRY_COLLECTOR_CONFIG_URI"}
NAMED = {function.name: function for function in FUNCTIONS}


@pytest.fixture(scope="session")
def functions(templates):
    made = resources(templates["functions"], "AWS::Lambda::Function")
    return {one["FunctionName"].removeprefix(f"shop-{LONGEST}-"): one for one in made}


def test_there_are_the_functions_of_the_topology(functions):
    assert set(functions) == set(NAMED)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_a_function_is_what_the_topology_says(functions, function):
    made = functions[function.name]

    assert (made["Handler"], made["MemorySize"], made["Timeout"]) == (
        function.handler,
        function.memory_mb,
        function.timeout.total_seconds(),
    )
    assert (made["Runtime"], made["Architectures"]) == ("python3.13", ["arm64"])
    assert "collector-arm64" in flat(made["Layers"][0])


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_a_function_gets_every_setting_that_its_service_reads_and_no_other(functions, function):
    environment = {name: flat(value) for name, value in functions[function.name]["Environment"]["Variables"].items()}
    settings = importlib.import_module(f"shop.{function.service}.app").Settings
    resolved = {name.removesuffix("_SECRET_ARN"): value for name, value in environment.items()}

    load(settings, resolved)  # names each variable that is missing

    assert set(resolved) - FOR_OTHERS <= {name.upper() for name in settings.__struct_fields__}


def test_names_in_the_settings_are_those_of_the_resources(functions, templates):
    environment = functions["inventory-commands"]["Environment"]["Variables"]
    tables = resources(templates["data"], "AWS::DynamoDB::GlobalTable")
    prefix = flat(environment["QUEUE_URL_PREFIX"])

    assert environment["TABLE_NAME"] in {table["TableName"] for table in tables}
    assert prefix == f"https://sqs.AWS::Region.AWS::URLSuffix/AWS::AccountId/shop-{LONGEST}-"
    assert functions["users-http"]["Environment"]["Variables"]["DEPLOYMENT_ENVIRONMENT"] == LONGEST


def test_each_queue_and_stream_wakes_the_function_that_the_topology_says(templates):
    made = resources(templates["functions"], "AWS::Lambda::EventSourceMapping")
    woken = {flat(one["FunctionName"]).rstrip("0123456789ABCDEF"): one for one in made}

    assert len(made) == sum(function.source is not None for function in FUNCTIONS)
    for function in FUNCTIONS:
        match function.source:
            case QueueSource(queue, batch_size):
                mapping = woken[pascal(function.name)]
                assert pascal(queue) in flat(mapping["EventSourceArn"])
                assert mapping["BatchSize"] == batch_size
                assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
                assert mapping["ScalingConfig"]["MaximumConcurrency"] == max(2, function.concurrency)
            case StreamSource(table, batch_size, prefix):
                mapping = woken[pascal(function.name)]
                assert f"{table.capitalize()}Table" in flat(mapping["EventSourceArn"])
                assert (mapping["BatchSize"], mapping["StartingPosition"]) == (batch_size, "TRIM_HORIZON")
                assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
                assert prefix in mapping["FilterCriteria"]["Filters"][0]["Pattern"]


def test_a_function_ends_before_a_sixth_of_its_queues_visibility():
    visibility = {queue.name: queue.visibility for queue in QUEUES}
    for function in FUNCTIONS:
        if isinstance(function.source, QueueSource):
            assert function.timeout < visibility[function.source.queue] / 6


def test_users_may_do_what_its_code_calls_of_cognito_and_no_more(templates):
    code = Path("src/shop/users/cognito.py").read_text(encoding="utf-8")
    called = set(re.findall(r'"((?:Admin|List)[A-Z][A-Za-z]+)"', code))

    may = {action for action in allowed(templates["functions"], "UsersHttpRole") if action.startswith("cognito-idp:")}

    assert may == {f"cognito-idp:{name}" for name in called}


def test_only_who_sends_mails_may_send_them(templates):
    may = {
        function.name
        for function in FUNCTIONS
        if "ses:SendEmail" in allowed(templates["functions"], f"{pascal(function.name)}Role")
    }
    assert may == {"users-http", "users-events", "notifications-events", "notifications-alerts"}


def test_edge_may_do_nothing_but_log_and_send_telemetry(templates):
    assert {action.partition(":")[0] for action in allowed(templates["functions"], "EdgeRole")} == {
        "logs",
        "xray",
        "cloudwatch",
    }


def test_all_functions_of_a_service_write_to_its_log_group(functions, templates):
    groups = {one["LogGroupName"] for one in resources(templates["functions"], "AWS::Logs::LogGroup")}

    assert groups == {Deployment(LONGEST).log_group(function.service) for function in FUNCTIONS}
    for name, made in functions.items():
        assert pascal(NAMED[name].service) in flat(made["LoggingConfig"]["LogGroup"])
