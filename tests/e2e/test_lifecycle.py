"""`shop up` from its start to its end: what it refuses, what it keeps, and that nothing of it is left."""

import json
import os
import signal
import socket
import subprocess
import sys
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from tests.support.client import Shop, until
from tests.support.processes import listeners, running
from tests.support.up import PATIENCE, command, refused, shop_up

from shop.local.folder import Folder
from shop.local.summary import first_order

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]
LOOPBACK = "0100007F"


def bought(shop: Shop):
    """A new customer's address, a confirmed order, and what is left in stock."""
    admin = shop.login(**shop.info["admin"])
    product = shop.call("GET", "/products?sort=priceAsc").json["items"][0]["id"]
    changed = admin.call("PUT", f"/inventory/{product}", {"onHand": 40, "lowStockThreshold": 1})
    assert changed.status == 200, changed.body
    customer = shop.register()
    customer.fill((product, 2))
    order = customer.ends(customer.order().json["id"])
    assert order["status"] == "CONFIRMED"
    return customer.email, order, stock(shop, product)


def stock(shop: Shop, product: str):
    held = shop.call("GET", f"/inventory/{product}").json
    return {name: held[name] for name in ("productId", "onHand", "reserved", "available", "lowStockThreshold")}


def still_there(shop: Shop, email: str, order, held) -> None:
    customer = shop.login(email, "Mieruka-2026")
    assert customer.call("GET", f"/orders/{order['id']}").json == order
    assert stock(shop, held["productId"]) == held
    assert shop.call("GET", f"/products/{held['productId']}").status == 200


def shop_command(data, *arguments):
    words = [sys.executable, "-m", "shop.cli", arguments[0], "--data", str(data), *arguments[1:]]
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=PATIENCE, check=False, env=os.environ | {"LANG": "en_US.UTF-8"}
    )
    return done.returncode, done.stdout + done.stderr


def test_a_shop_lives_and_nothing_of_it_is_lost_or_left(tmp_path):
    """One folder, four starts: ended by Ctrl-C, killed, reset while it runs, ended by SIGTERM."""
    data = tmp_path / "shop"
    with shop_up(data) as up:
        where = {address for pid in up.pids if running(pid) for address in listeners(pid)}
        assert where == {LOOPBACK}
        code, words = refused(data)
        assert (code, "a shop runs on" in words, words.count("\n")) == (2, True, 1)
        copied = subprocess.run(
            ["bash", "-c", first_order(up.info, data)], capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert '"status":"PLACED"' in copied.stdout, copied.stderr
        everything = bought(up.shop)
        assert shop_command(data, "mails", "--to", everything[0])[0] == 0
        assert shop_command(data, "doctor")[0] == 0
        up.process.send_signal(signal.SIGINT)
        assert up.ended() == 0

    with shop_up(data) as up:
        still_there(up.shop, *everything)
        up.process.kill()
        up.ended()

    with shop_up(data) as up:
        still_there(up.shop, *everything)
        assert shop_command(data, "reset", "--data-only", "--yes")[0] == 0
        anew = json.loads((data / "running.json").read_text())["shop"]
        up.info["pids"] = anew["pids"]
        shop = Shop(anew)
        refused_login = shop.call("POST", "/auth/login", {"email": everything[0], "password": "Mieruka-2026"})
        assert refused_login.code == "CREDENTIALS_INVALID"
        assert len(until(lambda: shop.call("GET", "/products?limit=100").json["items"])) == 100
        shop.login(**anew["customers"][0])
        shop.close()
        up.process.terminate()
        assert up.ended() == 0

    assert shop_command(data, "reset", "--yes")[0] == 0
    assert not (data / "accounts.json").exists()


def test_simulated_customers_look_at_products_and_end_with_their_shop_however_it_ends(tmp_path):
    with shop_up(tmp_path / "shop", traffic=True) as up:
        until(lambda: views(up) > 0, seconds=PATIENCE)
        traffic = up.info["pids"]["traffic"]
        up.process.kill()
        until(lambda: not running(traffic), seconds=PATIENCE)
        up.ended()


def views(up) -> float:
    """How often simulated customers have looked at a product, as the console counts it."""
    query = 'sum(sum_over_time({"shop.catalog.product.views","user_agent.synthetic.type"!=""}[1h]))'
    asked = f"{up.info['console']}/api/v1/query?{urlencode({'query': query})}"
    with urlopen(asked, timeout=PATIENCE) as answer:
        found = json.load(answer)["data"]["result"]
    return float(found[0]["value"][1]) if found else 0.0


def test_what_keeps_it_from_starting_is_one_clear_line_and_exit_code_2(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, words = refused(tmp_path / "a", "--port", port)
        assert (code, words) == (2, f"shop: port {port} is taken: choose another with --port\n")
    (tmp_path / "file").touch()
    code, words = refused(tmp_path / "file" / "data")
    assert code == 2
    assert "cannot write to the data folder" in words
    assert words.count("\n") == 1
    for wrong in ("SWEEP_EVERY=soon", "NO_SUCH_SETTING=1"):
        code, words = refused(tmp_path / "b", "--set", wrong)
        assert (code, wrong in words, words.count("\n")) == (2, True, 1)


def test_settings_that_do_not_fit_together_are_refused_by_the_service_that_knows(tmp_path):
    code, words = refused(tmp_path / "c", "--set", "ORDER_STUCK_AFTER=20m")
    assert code == 2
    assert "ORDER_STUCK_AFTER must be below RESERVATION_TTL" in words.splitlines()[-1]


def test_a_start_that_is_broken_off_leaves_nothing(tmp_path):
    process = subprocess.Popen(command(tmp_path / "d"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr is not None
    assert process.stdout is not None
    line = process.stderr.readline()  # the first word of any process: it is under way
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE)
    assert (line != b"", process.returncode, out) == (True, 0, b"")
    lock = Folder(tmp_path / "d").lock("processes.lock")
    assert lock is not None  # every process of the shop holds it as long as it lives
    os.close(lock)
