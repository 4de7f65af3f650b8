"""Simulated customers tell the truth: every observability point says what they did, and all of it is marked."""

import json
import os
import subprocess
import sys

import pytest
from tests.support.client import until
from tests.support.up import PATIENCE, shop_up

pytestmark = pytest.mark.e2e
EXACT = (
    "catalog.product_views", "catalog.category_views", "catalog.search_queries", "users.registration_completion",
    "users.login_success", "users.profile_updates", "orders.completion", "inventory.updates",
    "inventory.restock_registrations",
)  # fmt: skip


def value_of(signal):
    """What a point says, in the form of the ledger."""
    ratio = signal["denominator"] is not None
    return (signal["numerator"], signal["denominator"]) if ratio else signal["value"]


def counted(truth):
    return (truth["numerator"], truth["denominator"]) if "numerator" in truth else truth["value"]


def by(signal, attribute):
    """The series of a point by one of its attributes."""
    found: dict[str, float] = {}
    for line in signal["series"]:
        key = line["attributes"].get(attribute, "")
        found[key] = found.get(key, 0) + line["value"]
    return {key: value for key, value in found.items() if value}


def test_every_point_says_what_simulated_customers_did(tmp_path):
    with shop_up(tmp_path / "shop", "--set", "EXPORT_EVERY=200ms") as up:
        words = ["traffic", "--data", str(tmp_path / "shop"), "--users", "8", "--duration", "20", "--pace", "0.15"]
        told = subprocess.run(
            [sys.executable, "-m", "shop.cli", *words, "--seed", "7", "--truth", str(tmp_path / "truth.json")],
            capture_output=True,
            text=True,
            timeout=PATIENCE * 2,
            check=False,
            env=os.environ | {"LANG": "en_US.UTF-8"},
        )
        assert told.returncode == 0, told.stderr
        truth = json.loads((tmp_path / "truth.json").read_text())
        assert truth["unsettled"] == []
        assert truth["points"]["orders.completion"]["denominator"] > 0

        def signals():
            answer = up.shop.call("GET", f"/api/signals?from={truth['from'][:23]}Z", base=up.info["console"])
            return {each["id"]: each for each in answer.json["items"]}

        def said():
            now, points = signals(), truth["points"]
            return {name: value_of(now[name]) for name in EXACT} == {name: counted(points[name]) for name in EXACT}

        until(said, seconds=60)
        now, points = signals(), truth["points"]
        assert by(now["catalog.product_views"], "shop.category.root") == points["catalog.product_views"]["series"]
        assert by(now["inventory.updates"], "shop.movement.type") == points["inventory.updates"]["series"]
        assert now["users.session_duration"]["stats"]["count"] == points["users.session_duration"]["count"]
        assert now["orders.payment_time"]["stats"]["count"] == points["orders.payment_time"]["count"]
        carts, expected = by(now["orders.cart_abandonment"], "shop.cart.outcome"), points["orders.cart_abandonment"]
        for outcome in ("created", "converted", "emptied"):
            assert carts.get(outcome, 0) == expected[outcome]
        checks, uncertain = points["inventory.stock_out"], points["inventory.stock_out"]["uncertain"]
        for part in ("numerator", "denominator"):
            assert checks[part] <= now["inventory.stock_out"][part] <= checks[part] + uncertain
        mails = by(now["notifications.mail_success"], "shop.notification.type")
        for kind, sent in points["notifications.mail_success"]["series"].items():
            assert mails[kind] == sent
        marked = up.shop.call("GET", "/api/traces?attr=user_agent.synthetic.type:test&limit=5", base=up.info["console"])
        assert len(marked.json["items"]) == 5
