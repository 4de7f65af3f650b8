"""The steps of the first 15 minutes, by what was asked."""

from shop.console.lesson import STEPS, Asked, taken

TRACE = "0af7651916cd43dd8448eb211c80319c"


def a_trace(*self_times):
    about = {"name": "POST /orders", "status": "unset", "startTime": "2026-11-28T10:00:00.000000Z"}
    spans = [
        {**about, "spanId": f"{number:016x}", "selfMs": ms, "attributes": {"shop.order.id": "order-1"}}
        for number, ms in enumerate(self_times)
    ]
    return {"traceId": TRACE, "spans": spans}


def test_nothing_asked_is_an_order_placed():
    assert taken(a_trace(1, 2), Asked()) == ["order"]
    assert taken(a_trace(), Asked()) == []


def test_every_step_has_its_question():
    trace, asked = a_trace(1, 5, 2), Asked()
    asked.span(trace, f"{0:016x}")
    asked.query("up")
    asked.point("catalog.product_views")
    asked.log_queries.append("fields @message")
    asked.mails.append("order-2")
    assert taken(trace, asked) == ["order"]
    asked.traces.append(TRACE)
    asked.span(trace, f"{1:016x}")
    asked.log_queries.append(f'filter span_id = "{2:016x}"')
    asked.query('sum(sum_over_time({"shop.orders.stage.duration"}[1h]))')
    asked.mails.append("... order-1 ...")
    assert taken(trace, asked) == list(STEPS)


def test_a_step_of_another_trace_or_before_this_one_is_none():
    trace, asked = a_trace(1), Asked(metric=1.0)
    asked.traces.append("f" * 32)
    asked.span({**trace, "traceId": "f" * 32}, f"{0:016x}")
    assert taken(trace, asked) == ["order"]


def test_what_is_remembered_is_bounded():
    asked = Asked()
    for number in range(2000):
        asked.traces.append(f"{number:032x}")
    assert len(asked.traces) < 1000
