"""`shop aws smoke`: the way that it tries on AWS is the one that a shop on this machine takes."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.client import Shop

from shop.deploy.aws.smoke.places import on_this_machine
from shop.deploy.aws.smoke.run import run

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
