"""What a deployment sends to CloudWatch: bytes a minute while nobody comes, and what an order adds.

A whole shop on this machine, with the intervals of AWS, sends its telemetry to a receiver of this program. The figures
of `shop.deploy.aws.cost.measured` come from here, a quarter higher: bytes do not depend on how busy the machine is.
Exit code 1 when what is sent has outgrown them.
"""

import gzip
import json
import secrets
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.bench.machine import machine
from tests.support.shops import own_shop

from shop.deploy.aws.cost.measured import IDLE, ORDER
from shop.deploy.aws.smoke.places import on_this_machine
from shop.deploy.aws.smoke.run import Run, until

ORDERS, IDLE_SECONDS = 40, 120


class Receiver(ThreadingHTTPServer):
    """Takes OTLP/HTTP in JSON, and counts."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taker)
        self.counts: Counter[str] = Counter()
        self.lock = threading.Lock()

    def take(self, path: str, body: bytes) -> None:
        """Count a request's bytes, as CloudWatch counts them, and its spans by what they are."""
        told = json.loads(body)
        with self.lock:
            match path.rpartition("/")[2]:
                case "metrics":
                    self.counts["metrics"] += sum(map(weight, told["resourceMetrics"]))
                case "traces":
                    self.counts["spans"] += len(body)
                    for name in names(told):
                        self.counts[name] += 1
                case "logs":
                    self.counts["logs"] += len(body)

    def handle_error(self, *_: object) -> None:
        """A sender that had no time to wait has gone, and sends again."""

    def since(self, before: Counter[str]) -> Counter[str]:
        """What has come since then."""
        with self.lock:
            return self.counts - before


class Taker(BaseHTTPRequestHandler):
    """Answers one sender."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Take a request."""
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.take(self.path, body)  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")


def weight(told: dict) -> int:
    """The bytes of a resource's metrics: each data point with its name, its labels, and its resource's attributes."""
    resource = len(json.dumps(told["resource"]))
    total = 0
    for scope in told["scopeMetrics"]:
        for metric in scope["metrics"]:
            for kind in ("sum", "gauge", "histogram", "exponentialHistogram"):
                points = metric.get(kind, {}).get("dataPoints", ())
                total += sum(resource + len(metric["name"]) + len(json.dumps(point)) for point in points)
    return total


def names(told: dict) -> list[str]:
    """The names of the spans in a request."""
    return [s["name"] for r in told["resourceSpans"] for scope in r["scopeSpans"] for s in scope["spans"]]


def story(data: Path) -> Run:
    """A customer, and something to buy."""
    trial = Run(on_this_machine(data))
    for step in (trial.registration, trial.admin, trial.product, trial.stock):
        step()
    trial.people["admin"].visitor.must(200, "PUT", f"/inventory/{trial.made['product']}", {"onHand": 1000})
    return trial


def visit(trial: Run) -> None:
    """What a customer does until an order is confirmed: looks, searches, fills the cart, orders, looks again."""
    customer, product = trial.people["customer"], trial.made["product"]
    ask = customer.visitor
    ask.must(200, "GET", "/products")
    ask.must(200, "GET", "/products/search?q=mug")
    ask.must(200, "GET", f"/products/{product}")
    ask.must(201, "POST", f"/carts/{customer.id}/items", {"productId": product, "quantity": 1})
    ask.must(200, "GET", f"/carts/{customer.id}")
    body = {"addressId": trial.made["address"], "payment": {"method": "card", "token": "tok_visa"}}
    order = ask.must(201, "POST", "/orders", body, Idempotency_Key=secrets.token_hex(16)).json["id"]
    until(lambda: ask.must(200, "GET", f"/orders/{order}").json["status"] == "CONFIRMED", order)


def main() -> int:
    """Measure, print, compare."""
    receiver = Receiver()
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    with own_shop("EXPORT_EVERY=10s", "SWEEP_EVERY=60s", otlp_port=receiver.server_address[1]) as (_, data):
        trial = story(data)
        time.sleep(30)
        before = receiver.since(Counter())
        time.sleep(IDLE_SECONDS)
        idle = receiver.since(before)
        before = receiver.since(Counter())
        began = time.monotonic()
        for _ in range(ORDERS):
            visit(trial)
        time.sleep(25)
        busy, took = receiver.since(before), (time.monotonic() - began) / 60
    return told(idle, busy, took)


def told(idle: Counter[str], busy: Counter[str], took: float) -> int:
    """The figures; 1 when a deployment costs more than its table says."""
    print(machine())
    late = 0
    for what in ("metrics", "spans", "logs"):
        minute = idle[what] / (IDLE_SECONDS / 60)
        order = max(busy[what] - minute * took, 0) / ORDERS
        print(f"{what:<8} idle {minute / 1e3:7.1f} kB/min (table {IDLE[what] / 1e3:.1f})", end="   ")
        print(f"order {order / 1e3:7.1f} kB (table {ORDER[what] / 1e3:.1f})")
        late += minute > IDLE[what] or order > ORDER[what]
    for name, count in busy.most_common(60):
        if name not in {"metrics", "spans", "logs"}:
            print(f"  {count / ORDERS:6.1f} {name}")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
