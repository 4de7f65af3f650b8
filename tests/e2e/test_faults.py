"""Orders while processes of the shop are killed: none is lost, stuck or paid twice, and everything adds up.

A bounded trial; `tests/bench/bench_faults.py` has the long one.
"""

import sys

import pytest
from tests.support.faults import KINDS, Plan, trial
from tests.support.otlp import Receiver
from tests.support.shops import own_shop

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")]
PLAN = Plan(orders=48, seconds=10, patience=90, to_the_end=False, visibility=12)


def test_orders_survive_the_death_of_any_process():
    with (
        Receiver() as receiver,
        own_shop("SWEEP_EVERY=2s", otlp_port=receiver.server.server_address[1]) as (shop, data),
    ):
        outcome = trial(shop, data, receiver, PLAN)
    print(outcome.table())
    assert set(outcome.kills) == set(KINDS)
    assert outcome.wrong == []
