import pytest

from shop.kernel import config
from shop.kernel.errors import SettingsError
from shop.telemetry.resource import pairs, resource
from shop.telemetry.settings import Settings


@pytest.mark.parametrize(
    "wrong",
    [
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "127.0.0.1:4318"},
        {"OTEL_TRACES_SAMPLER": "sometimes"},
        {"OTEL_TRACES_SAMPLER_ARG": "1.5"},
        {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "both"},
        {"EXPORT_EVERY": "0s"},
        {"EXPORT_EVERY": "soon"},
    ],
)
def test_a_wrong_variable_is_named(wrong):
    (name,) = wrong
    with pytest.raises(SettingsError, match=name):
        config.load(Settings, wrong)


def test_a_process_says_who_it_is():
    settings = config.load(
        Settings, {"OTEL_RESOURCE_ATTRIBUTES": "service.name=other,team=%E8%A6%8B", "AWS_REGION": "x"}
    )
    who = resource("orders", "orders-1", settings)
    assert who["service.name"] == "orders"
    assert (who["service.namespace"], who["service.instance.id"]) == ("shop", "orders-1")
    assert (who["service.criticality"], who["deployment.environment.name"]) == ("critical", "local")
    assert who["team"] == "見"
    assert not [name for name in who if name.startswith(("cloud.", "faas."))]


def test_two_processes_are_two_instances():
    settings = Settings()
    assert (
        resource("orders", None, settings)["service.instance.id"]
        != resource("orders", None, settings)["service.instance.id"]
    )


def test_a_function_says_which():
    environment = {
        "AWS_LAMBDA_FUNCTION_NAME": "users-http",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/24/[$LATEST]ab",
        "AWS_REGION": "ap-northeast-1",
    }
    who = resource("users", None, config.load(Settings, environment))
    assert who["cloud.platform"] == "aws_lambda"
    assert (who["faas.name"], who["faas.version"], who["faas.max_memory"]) == ("users-http", "$LATEST", 512 << 20)
    assert who["faas.instance"] == who["service.instance.id"] == "2026/11/24/[$LATEST]ab"


def test_pairs_are_read_as_opentelemetry_writes_them():
    assert pairs("a=1, b = x%2Cy ,=none,,c") == {"a": "1", "b": "x,y", "c": ""}
