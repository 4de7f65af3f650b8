from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shop.kernel import clock, config, ids
from shop.kernel.errors import SettingsError


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    database_url: str
    order_stuck_after: timedelta = timedelta(minutes=10)
    rate_limit: int = 500
    note: str | None = None


def test_settings_name_everything_that_is_wrong_at_once():
    with pytest.raises(SettingsError, match=r"DATABASE_URL is missing.*ORDER_STUCK_AFTER=15x.*RATE_LIMIT=many"):
        config.load(Settings, {"ORDER_STUCK_AFTER": "15x", "RATE_LIMIT": "many"})


def test_settings_read_each_type_and_keep_defaults():
    settings = config.load(Settings, {"DATABASE_URL": "postgres://", "ORDER_STUCK_AFTER": "250ms", "NOTE": "x"})
    assert settings == Settings(database_url="postgres://", order_stuck_after=timedelta(milliseconds=250), note="x")


def test_stamps_are_utc_with_milliseconds_and_come_back():
    moment = datetime(2026, 11, 23, 12, 0, 0, 7000, tzinfo=UTC)
    assert clock.stamp(moment) == "2026-11-23T12:00:00.007Z"
    assert clock.parse(clock.stamp(moment)) == moment


def test_a_time_without_offset_is_refused():
    with pytest.raises(ValueError, match="offset"):
        clock.parse("2026-11-23T12:00:00")


def test_ids_sort_by_the_time_of_their_making():
    first = ids.new_id()
    while (second := ids.new_id())[:13] == first[:13]:
        pass
    assert first < second
    assert second[14] == "7"
