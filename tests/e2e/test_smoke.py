"""`shop aws smoke`: the way that it tries on AWS is the one that a shop on this machine takes."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.client import Shop

from shop.deploy.aws.progress import Screen
from shop.deploy.aws.shelves import fill
from shop.deploy.aws.smoke.places import on_this_machine
from shop.deploy.aws.smoke.run import run
from shop.local.seed.goods import Good
from shop.local.seed.tree import Branch

pytestmark = pytest.mark.e2e


def test_a_shop_that_is_well_passes_every_step(shop: Shop):
    command = [sys.executable, "-m", "shop.cli", "aws", "smoke", "--data", shop.info["data"]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()[1:]
    assert len(lines) == 12
    assert all(line.startswith("ok") for line in lines), done.stdout


def test_the_first_step_that_fails_is_told_and_what_was_made_is_removed(shop: Shop):
    place = replace(on_this_machine(Path(shop.info["data"])), table="no-such-table")

    steps = list(run(place))

    assert [step.well for step in steps] == [True, True, True, False]
    assert "ResourceNotFound" in steps[-1].detail


def test_shelves_are_filled_by_the_api_and_what_is_there_stays(shop: Shop):
    tree = (Branch("zz-root", None, "試しの棚", "Trial shelf"), Branch("zzz", "zz-root", "試しの段", "Trial board"))
    goods = tuple(
        Good("zzz", 1200 + number, f"試しの品 {number}", f"Trial good {number}", "説明", "About it", {"色": "青"})
        for number in range(3)
    )
    place = on_this_machine(Path(shop.info["data"]))

    assert fill(place, Screen(), tree, goods[:2]) == (2, 0)
    assert fill(place, Screen(), tree, goods) == (1, 2)

    shelf = next(one for one in shop.call("GET", "/categories").json["items"] if one["name"] == "試しの段")
    found = shop.call("GET", f"/categories/{shelf['id']}/products?sort=priceAsc").json["items"]
    assert [one["name"] for one in found] == ["試しの品 0", "試しの品 1", "試しの品 2"]
    assert found[0]["translations"]["en"] == {"name": "Trial good 0", "description": "About it"}


def test_the_hand_picked_products_are_those_of_the_laptop(shop: Shop):
    assert fill(on_this_machine(Path(shop.info["data"])), Screen())[0] == 0, "their SKUs are the seed's"
