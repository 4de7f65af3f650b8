"""The collectors' configurations: what they take, in which order, where they send to; nothing grows in them."""

import gzip
import os
import re
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
import yaml
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.support.client import until
from tests.support.collector import BINARY, MISSING

from shop.deploy.package.build import ROOT
from shop.local.ports import free_port

FOLDER = ROOT / "infra" / "collector"
FILES = ("ecs.yaml", "lambda.yaml")
# What each has built in; the sources stand at the head of the files.
LAMBDA_LAYER = {
    "receivers": {"otlp", "telemetryapi"},
    "processors": {"attributes", "filter", "memory_limiter", "probabilistic_sampler", "resource", "span", "coldstart",
                   "decouple", "batch"},
    "exporters": {"debug", "otlp", "otlphttp", "prometheusremotewrite"},
    "extensions": {"sigv4auth", "basicauth"},
}  # fmt: skip
SERVICES = {"traces": "xray", "metrics": "monitoring"}


def read(name):
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


@pytest.fixture(params=FILES)
def config(request):
    return read(request.param)


def test_it_listens_where_the_shop_sends_and_nowhere_else(config):
    assert config["receivers"] == {"otlp": {"protocols": {"http": {"endpoint": "127.0.0.1:4318"}}}}


@pytest.mark.parametrize("signal", SERVICES)
def test_each_signal_goes_signed_to_its_endpoint_of_the_region(config, signal):
    (exporter,) = config["service"]["pipelines"][signal]["exporters"]
    told = config["exporters"][exporter]
    signer = config["extensions"][told["auth"]["authenticator"]]
    service = SERVICES[signal]
    assert told[f"{signal}_endpoint"] == f"https://{service}.${{env:AWS_REGION}}.amazonaws.com/v1/{signal}"
    assert signer == {"region": "${env:AWS_REGION}", "service": service}
    assert told["auth"]["authenticator"] in config["service"]["extensions"]
    assert told["compression"] == "gzip"


def test_nothing_grows_without_a_bound_and_nothing_is_tried_for_ever(config):
    for exporter in config["exporters"].values():
        assert 0 < seconds(exporter["retry_on_failure"]["max_elapsed_time"]) <= 300
        assert seconds(exporter["timeout"]) <= 5
        queue = exporter["sending_queue"]
        assert queue.get("enabled") is False or 0 < queue["queue_size"] <= 1000
    for pipeline in config["service"]["pipelines"].values():
        assert pipeline["processors"][0] == "memory_limiter"


def seconds(text):
    found = re.fullmatch(r"(\d+)(ms|s)", text)
    assert found, text
    return int(found[1]) / (1000 if found[2] == "ms" else 1)


def test_everything_that_is_set_up_is_used_and_everything_used_is_set_up(config):
    pipelines = config["service"]["pipelines"].values()
    for kind in ("receivers", "processors", "exporters"):
        assert {name for pipeline in pipelines for name in pipeline[kind]} == set(config[kind])
    assert set(config["service"]["extensions"]) == set(config["extensions"])
    assert set(config["service"]["pipelines"]) == set(SERVICES), "lines go out through stdout"


def test_a_function_hands_over_and_does_not_wait_for_more():
    config = read("lambda.yaml")
    for pipeline in config["service"]["pipelines"].values():
        assert pipeline["processors"][-1] == "decouple"
        assert not [name for name in pipeline["processors"] if name.startswith("batch")]
    assert all(exporter["sending_queue"] == {"enabled": False} for exporter in config["exporters"].values())


def test_the_layer_has_every_component_that_a_function_needs():
    config = read("lambda.yaml")
    for kind, there in LAMBDA_LAYER.items():
        assert {name.partition("/")[0] for name in config[kind]} <= there


def test_spans_name_their_environment_as_application_signals_reads_it_and_metrics_get_no_second_label(config):
    pipelines = config["service"]["pipelines"]
    assert config["processors"]["resource/environment"]["attributes"] == [
        {"key": "deployment.environment", "from_attribute": "deployment.environment.name", "action": "insert"}
    ]
    assert "resource/environment" in pipelines["traces"]["processors"]
    assert "resource/environment" not in pipelines["metrics"]["processors"]


def test_a_batch_is_below_what_the_endpoints_take():
    batches = {name: each for name, each in read("ecs.yaml")["processors"].items() if name.startswith("batch")}
    assert batches["batch/traces"]["send_batch_max_size"] <= 10_000
    for each in batches.values():
        assert each["send_batch_size"] <= each["send_batch_max_size"]
        assert seconds(each["timeout"]) <= 10


# ------------------------------------------------------------------------------------------- with a real collector

REAL = pytest.mark.skipif(BINARY is None, reason=MISSING)
KEYS = {
    "AWS_REGION": "ap-northeast-1",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "session",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def text_of(name):
    """A configuration without `decouple`, which lives in the layer alone."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    return text.replace(", decouple]", "]").replace("  decouple:\n    max_queue_size: 200\n", "")


@REAL
@pytest.mark.parametrize("name", FILES)
def test_a_real_collector_takes_it(name, tmp_path):
    (tmp_path / name).write_text(text_of(name))
    command = [str(BINARY), "validate", "--config", str(tmp_path / name)]
    done = subprocess.run(command, env=os.environ | KEYS, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


class Endpoint(BaseHTTPRequestHandler):
    """AWS's: notes path, headers and body of what comes."""

    seen: ClassVar[dict[str, dict[str, str]]] = {}
    bodies: ClassVar[dict[str, bytes]] = {}

    def do_POST(self):
        self.bodies[self.path] = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
        self.seen[self.path] = {name.lower(): value for name, value in self.headers.items()}
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@REAL
@pytest.mark.parametrize("name", FILES)
def test_what_the_shop_sends_reaches_the_endpoints_signed(name, tmp_path):
    Endpoint.seen.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port, health = free_port(), free_port()
    text = re.sub(r"https://(xray|monitoring)\.\S+\.com", f"http://127.0.0.1:{server.server_port}", text_of(name))
    (tmp_path / name).write_text(text.replace(":4318", f":{port}").replace(":13133", f":{health}"))
    command = [str(BINARY), "--config", str(tmp_path / name)]
    with (tmp_path / "log").open("wb") as log:
        collector = subprocess.Popen(command, env=os.environ | KEYS, stdout=log, stderr=log)
    try:
        send_some(port)
        until(lambda: {"/v1/traces", "/v1/metrics"} <= set(Endpoint.seen), seconds=60)
    finally:
        collector.terminate()
        collector.wait(30)
        server.shutdown()
        server.server_close()
    for signal, service in SERVICES.items():
        headers = Endpoint.seen[f"/v1/{signal}"]
        assert re.match(
            rf"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d{{8}}/ap-northeast-1/{service}/aws4_request, ",
            headers["authorization"],
        )
        assert (headers["x-amz-security-token"], headers["content-encoding"]) == ("session", "gzip")
    spans = ExportTraceServiceRequest.FromString(Endpoint.bodies["/v1/traces"]).resource_spans[0].resource
    metrics = ExportMetricsServiceRequest.FromString(Endpoint.bodies["/v1/metrics"]).resource_metrics[0].resource
    assert environments(spans) == {"deployment.environment": "taro", "deployment.environment.name": "taro"}
    assert environments(metrics) == {"deployment.environment.name": "taro"}


def environments(resource):
    """What a resource says of its environment."""
    return {
        each.key: each.value.string_value
        for each in resource.attributes
        if each.key.startswith("deployment.environment")
    }


SEND = """
from shop import telemetry
from shop.telemetry import names
telemetry.setup("orders")
with telemetry.span("GET /orders", kind="server"):
    telemetry.count(names.ORDERS_TRANSITIONS, {names.ORDER_STATUS: "PLACED"})
telemetry.shutdown(30)
"""


def send_some(port):
    """What a process of the shop sends, once the collector listens."""

    def listens():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    until(listens, seconds=60)
    where = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "DEPLOYMENT_ENVIRONMENT": "taro"}
    subprocess.run([sys.executable, "-c", SEND], env=os.environ | where, check=True, timeout=60)
