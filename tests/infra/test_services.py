"""The containers on AWS are those of the topology, and get every setting that their code reads."""

import importlib
from urllib.parse import urlsplit

import pytest
from tests.infra.conftest import LONGEST
from tests.infra.reading import allowed, flat, resources

from infra.ids import pascal
from shop.contracts.topology import CONTAINERS
from shop.kernel.config import load

FOR_OTHERS = {"DEPLOYMENT_ENVIRONMENT", "EXPORT_EVERY", "AWS_REGION", "PGPASSWORD"}


@pytest.fixture(scope="session")
def tasks(templates):
    made = resources(templates["services"], "AWS::ECS::TaskDefinition")
    return {one["Family"].removeprefix(f"shop-{LONGEST}-"): one for one in made}


def container(task, name):
    return next(one for one in task["ContainerDefinitions"] if one["Name"] == name)


def environment(made):
    plain = {one["Name"]: flat(one["Value"]) for one in made.get("Environment", [])}
    return plain | {one["Name"]: "secret" for one in made.get("Secrets", [])}


def test_there_are_the_containers_of_the_topology(tasks):
    assert set(tasks) == {one.name for one in CONTAINERS}


@pytest.mark.parametrize("one", CONTAINERS, ids=lambda one: one.name)
def test_a_container_gets_every_setting_that_it_reads_and_no_other(tasks, one):
    given = environment(container(tasks[one.name], one.name))
    app = importlib.import_module(f"shop.{one.service}.app")
    settings = app.Settings if one.kind == "api" else app.WorkerSettings

    load(settings, given)

    assert set(given) - FOR_OTHERS <= {name.upper() for name in settings.__struct_fields__}


@pytest.mark.parametrize("one", CONTAINERS, ids=lambda one: one.name)
def test_a_task_runs_read_only_on_arm64_with_a_collector_and_lets_faults_be_injected(tasks, one):
    task = tasks[one.name]

    assert task["EnableFaultInjection"] is True
    assert task["RuntimePlatform"]["CpuArchitecture"] == "ARM64"
    assert {each["Name"] for each in task["ContainerDefinitions"]} == {one.name, "collector", "databases"}
    assert all(each["ReadonlyRootFilesystem"] for each in task["ContainerDefinitions"])
    assert [each["Name"] for each in task["ContainerDefinitions"] if each["Essential"]] == [one.name]


@pytest.mark.parametrize("one", CONTAINERS, ids=lambda one: one.name)
def test_a_service_starts_when_its_database_is_there_and_only_that_step_knows_the_administrator(tasks, one):
    main, first = container(tasks[one.name], one.name), container(tasks[one.name], "databases")
    knows = {secret["Name"]: flat(secret["ValueFrom"]) for secret in first["Secrets"]}

    assert {"Condition": "SUCCESS", "ContainerName": "databases"} in main["DependsOn"]
    assert "DatabaseSecret" in knows["PGPASSWORD"]
    assert pascal(f"postgres-{one.service}") in knows[f"{one.service.upper()}_PASSWORD"]
    assert not any("DatabaseSecret" in flat(secret["ValueFrom"]) for secret in main["Secrets"])


def test_no_password_stands_in_a_template(tasks):
    for task in tasks.values():
        for made in task["ContainerDefinitions"]:
            for each in made.get("Environment", []):
                assert "PASSWORD" not in each["Name"]
                assert urlsplit(flat(each["Value"]).partition("?")[0]).password is None


def test_a_worker_may_take_from_its_queues_and_orders_send_its_commands(templates):
    template = templates["services"]

    assert allowed(template, "OrdersTaskRole") & {"sqs:SendMessage", "events:PutEvents"} == set()
    for one in CONTAINERS:
        if one.kind == "worker":
            may = allowed(template, f"{pascal(one.name)}TaskRole")
            assert {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:SendMessage", "events:PutEvents"} <= may


def test_each_api_has_a_listener_that_asks_whether_it_lives(templates):
    groups = resources(templates["services"], "AWS::ElasticLoadBalancingV2::TargetGroup")
    balancer = resources(templates["services"], "AWS::ElasticLoadBalancingV2::LoadBalancer")[0]

    assert {group["Name"].removeprefix(f"shop-{LONGEST}-") for group in groups} == {
        one.name for one in CONTAINERS if one.kind == "api"
    }
    assert {group["HealthCheckPath"] for group in groups} == {"/health/live"}
    assert balancer["Scheme"] == "internal"
