import pytest

from shop.local.errors import Refused
from shop.local.tunables import TUNABLES, chosen


def test_every_tunable_has_a_default_that_fits():
    for tunable in TUNABLES:
        tunable.check(tunable.default)


def test_the_last_assignment_wins_and_the_rest_stays():
    values = chosen(["SWEEP_EVERY=1s", "RATE_LIMIT=7", "SWEEP_EVERY=2s"])
    assert (values["SWEEP_EVERY"], values["RATE_LIMIT"], values["RESERVATION_TTL"]) == ("2s", "7", "15m")


@pytest.mark.parametrize("assignment", ["NO_SUCH=1", "SWEEP_EVERY", "", "=1s", "sweep_every=1s"])
def test_an_unknown_name_is_refused_with_all_that_can_be_set(assignment):
    with pytest.raises(Refused) as refused:
        chosen([assignment])
    for tunable in TUNABLES:
        assert f"{tunable.name}={tunable.default}" in str(refused.value)


@pytest.mark.parametrize(
    "assignment",
    [
        "SWEEP_EVERY=10",
        "SWEEP_EVERY=0s",
        "SWEEP_EVERY=-1s",
        "SWEEP_EVERY=",
        "RATE_LIMIT=1.5",
        "RATE_LIMIT=0",
        "RATE_BURST=x",
    ],
)
def test_a_wrong_value_is_refused_by_its_name(assignment):
    with pytest.raises(Refused, match=assignment.split("=")[0]):
        chosen([assignment])
