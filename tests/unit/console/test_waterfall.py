"""Self times and the critical path."""

from shop.console.pages.timeline import waterfall
from shop.console.promql.api import unescaped
from shop.console.waterfall import Timed, critical_path, self_times


def test_time_that_children_share_counts_once():
    spans = [Timed(1, 0, 0, 100), Timed(2, 1, 10, 50), Timed(3, 1, 30, 60), Timed(4, 1, 90, 200)]
    assert self_times(spans) == {1: 40, 2: 40, 3: 30, 4: 110}


def test_the_critical_path_follows_what_ended_last():
    spans = [Timed(1, 0, 0, 100), Timed(2, 1, 0, 40), Timed(3, 1, 10, 90), Timed(4, 3, 20, 80), Timed(5, 1, 0, 9)]
    assert critical_path(spans) == {1, 3, 4, 5}


def test_what_a_span_started_counts_for_it_after_its_end():
    spans = [Timed(1, 0, 0, 10), Timed(2, 1, 5, 6), Timed(3, 2, 50, 60), Timed(4, 1, 6, 9)]
    assert critical_path(spans) == {1, 2, 3}


def test_orphans_and_circles_end():
    assert critical_path([Timed(1, 9, 0, 10), Timed(2, 1, 0, 5)]) == {1, 2}
    assert critical_path([Timed(1, 2, 0, 10), Timed(2, 1, 0, 5)]) == set()
    assert self_times([Timed(1, 1, 0, 10)]) == {1: 10}
    assert critical_path([]) == set()


def test_escaped_label_names():
    assert unescaped("kind") == "kind"
    assert unescaped("U__shop_2e_order_2e_status") == "shop.order.status"
    assert unescaped("U__a__b") == "a_b"
    assert unescaped("U___40_resource_2e_service_2e_name") == "@resource.service.name"
    assert unescaped("U__zz_zz_zz") == "U__zz_zz_zz"


def shown(name, parent, start=0):
    return {"spanId": name, "parentSpanId": parent, "startTime": f"2026-11-28T10:00:0{start}+00:00", "durationMs": 1.0}


def test_every_span_is_a_row_also_those_whose_parents_go_round_in_a_circle():
    spans = [
        shown("a", "b", 1), shown("b", "a", 2), shown("self", "self", 3), shown("orphan", "nobody", 4),
        shown("root", None, 5), shown("child", "root", 5), shown("below a", "a", 6),
    ]  # fmt: skip
    rows = waterfall(spans, []).rows
    assert sorted(row.span["spanId"] for row in rows) == sorted(span["spanId"] for span in spans)
    depths = {row.span["spanId"]: row.depth for row in rows}
    assert (depths["root"], depths["child"], depths["orphan"], depths["self"]) == (0, 1, 0, 0)
