"""What telemetry costs: `uv run python -m tests.bench.bench_telemetry`.

One request: a server span with eight attributes, a client span with five, a counter, a histogram and a wide log line,
sampled, sent to a collector in another process, the line read by another one. CPU of this process, sender included.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.machine import machine, report

ROUNDS, REQUESTS = 9, 3000
IMPORT = (
    "import asyncio, inspect, logging, msgspec, pathlib, time, urllib.parse, shop.kernel.ids;"
    "t = time.process_time(); {}; print(time.process_time() - t)"
)
COLLECTOR = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    def log_message(self, *_): pass
class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    def handle_error(self, *_): pass  # whoever hung up does not matter here
server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


@contextmanager
def collector() -> Iterator[str]:
    """A collector in a process of its own; its endpoint."""
    process = subprocess.Popen([sys.executable, "-c", COLLECTOR], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def lines_read_elsewhere() -> Iterator[None]:
    """Stdout is a pipe that another process empties, as under the supervisor."""
    reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert reader.stdin
    kept = os.dup(1)
    os.dup2(reader.stdin.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        reader.stdin.close()
        reader.wait()


def request() -> None:
    """All that a route with one query tells."""
    from shop.telemetry import count, log, names, observe, span, work

    attributes = {
        names.HTTP_REQUEST_METHOD: "GET",
        names.HTTP_ROUTE: "/products/{productId}",
        names.URL_SCHEME: "http",
        names.URL_PATH: "/products/mug-01",
        names.FAAS_TRIGGER: "http",
        names.FAAS_INVOCATION_ID: "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        names.USER_AGENT_ORIGINAL: "Mozilla/5.0",
    }
    query = {
        names.DB_SYSTEM_NAME: "postgresql",
        names.DB_OPERATION_NAME: "select",
        names.DB_COLLECTION_NAME: "products",
        names.SERVER_ADDRESS: "127.0.0.1",
        names.DB_QUERY_TEXT: "select id, sku, name, description, price from products where id = $1",
    }
    with span("GET /products/{productId}", kind="server", attributes=attributes) as server, work(names.REQUEST) as line:
        with span("select products", kind="client", attributes=query):
            pass
        count(names.CATALOG_PRODUCT_VIEWS, {names.CATEGORY_ROOT: "kitchen"})
        log.add({names.PRODUCT_ID: "mug-01"})
        server.set({names.HTTP_RESPONSE_STATUS_CODE: 200})
        line.add({**attributes, names.HTTP_RESPONSE_STATUS_CODE: 200})
        observe(
            names.HTTP_SERVER_REQUEST_DURATION,
            0.0123,
            {
                names.HTTP_REQUEST_METHOD: "GET",
                names.HTTP_ROUTE: "/products/{productId}",
                names.HTTP_RESPONSE_STATUS_CODE: 200,
                names.URL_SCHEME: "http",
            },
        )


def requests() -> list[float]:
    """CPU in us per request, once per round; a pause between rounds lets the sender go on."""
    figures = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(REQUESTS):
            request()
        from shop.telemetry import flush

        flush(5)
        figures.append((time.process_time() - began) / REQUESTS * 1e6)
    return figures


def warm_calls() -> list[float]:
    """CPU in ms of a warm call of a function that answers nothing: Mangum, Starlette, the flush left out."""
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    from shop.runtime.functions import http_function

    async def answer(_request: object) -> Response:
        return Response()

    http = {"method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "bench"}
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/",
        "rawQueryString": "",
        "headers": {"host": "shop.test"},
        "requestContext": {"http": http, "stage": "$default", "domainName": "shop.test"},
        "isBase64Encoded": False,
    }
    handler = http_function(lambda: Starlette(routes=[Route("/", answer)]))
    assert handler(event, Invocation())["statusCode"] == 200
    figures = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(100):
            handler(event, Invocation())
        figures.append((time.process_time() - began) * 1000 / 100)
    return figures


class Invocation:
    """What Lambda tells of a call."""

    aws_request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


@contextmanager
def deaf() -> Iterator[str]:
    """A collector that takes connections and never answers; its endpoint."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def flushes() -> list[float]:
    """Wall-clock ms of a function's flush while the collector hangs."""
    from shop import telemetry

    figures = []
    for _ in range(ROUNDS):
        with deaf() as endpoint:
            os.environ |= {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "AWS_LAMBDA_FUNCTION_NAME": "bench"}
            telemetry.setup("users")
            request()
            began = time.monotonic()
            telemetry.flush()
            figures.append((time.monotonic() - began) * 1000)
            telemetry.shutdown(0.0)
            del os.environ["AWS_LAMBDA_FUNCTION_NAME"]
    return figures


def imports(code: str) -> list[float]:
    """CPU in ms of an import, in fresh processes that have imported what every service has."""
    runs = [subprocess.run([sys.executable, "-c", IMPORT.format(code)], capture_output=True, text=True, check=True)
            for _ in range(ROUNDS)]  # fmt: skip
    return [float(run.stdout) * 1000 for run in runs]


def main() -> int:
    """Prints the table; 1 when a promise is broken."""
    print(machine())
    from shop import telemetry

    with collector() as endpoint, lines_read_elsewhere():
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint
        telemetry.setup("catalog")
        figures = requests()
        warm = warm_calls()
        telemetry.shutdown()
        waits = flushes()
    kept = report("telemetry of a request with a query", figures, "us", 40)
    kept &= report("a warm call of an empty function", warm, "ms", 5)
    kept &= report("a flush while the collector hangs, wall clock", waits, "ms", 130)
    kept &= report("import shop.telemetry, after what all import", imports("import shop.telemetry"), "ms", 15)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
