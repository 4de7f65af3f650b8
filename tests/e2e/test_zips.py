"""The shop whose functions run from the zips of `shop package`, with nothing of this checkout to import."""

import json
import os
import sys
from pathlib import Path

import pytest
from tests.support.client import until
from tests.support.packages import packed
from tests.support.up import shop_up

from shop.contracts.topology import FUNCTIONS

pytestmark = pytest.mark.e2e


def test_an_order_is_confirmed_and_mailed_by_functions_out_of_zips(tmp_path):
    _, manifest = packed("host")
    with shop_up(tmp_path / "shop", "--from-zips") as up:
        shop = up.shop
        product = next(
            each["id"]
            for each in shop.call("GET", "/products?limit=100").json["items"]
            if shop.call("GET", f"/inventory/{each['id']}").json["available"] >= 10
        )
        customer = shop.register()
        customer.fill((product, 2))
        order = customer.ends(customer.order().json["id"])
        assert (order["status"], order["payment"]["status"]) == ("CONFIRMED", "APPROVED")
        until(lambda: [mail for mail in shop.mails(customer.email) if order["id"] in json.dumps(mail)])
        assert shop.call("GET", "/docs").status == 200
        assert shop.call("GET", "/nowhere").code == "ROUTE_NOT_FOUND"
        if sys.platform == "linux":
            for function in FUNCTIONS:
                expected = f"{function.service}-{manifest.packages[function.service].sha256[:16]}"
                assert task_root(up.info["pids"][f"{function.name}-1"]).name == expected


def task_root(pid):
    """Where a function's process has its code from."""
    variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return next(
        Path(os.fsdecode(each).partition("=")[2]) for each in variables if each.startswith(b"LAMBDA_TASK_ROOT=")
    )
