import asyncio

import pytest

from shop.kernel.errors import NotFound
from shop.telemetry import context, span, trace_id, traceparent, tracing
from shop.telemetry.sampling import always_on, by_parent, sampler

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
UNSAMPLED = PARENT[:-2] + "00"


@pytest.fixture
def ended():
    """The spans that ended, with everything sampled as by default."""
    spans: list[tracing.Span] = []
    tracing.use(by_parent(always_on), lambda _scope, span, _end: spans.append(span))
    yield spans
    tracing.start_over()


def test_a_span_inside_another_is_its_child(ended):
    with span("outer") as outer, span("inner") as inner:
        assert traceparent() == inner.traceparent
    assert (inner.trace_id, inner.parent_id) == (outer.trace_id, outer.span_id)
    assert [each.name for each in ended] == ["inner", "outer"]
    assert traceparent() is None


def test_a_traceparent_is_continued():
    with span("request", parent=PARENT) as request:
        assert request.parent_id == "00f067aa0ba902b7"
        assert trace_id() == "4bf92f3577b34da6a3ce929d0e0e4736"
        assert request.traceparent == f"00-4bf92f3577b34da6a3ce929d0e0e4736-{request.span_id}-01"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        PARENT + "-more",
        PARENT + "\n",
    ],
)
def test_what_is_no_traceparent_starts_a_new_trace(wrong):
    with span("request", parent=wrong) as request:
        assert request.parent_id == ""
        assert len(trace_id()) == 32
        assert trace_id() not in (PARENT[3:35], "0" * 32)


def test_a_traceparent_of_a_later_version_may_have_more():
    with span("request", parent="01" + PARENT[2:] + "-more") as request:
        assert request.parent_id == "00f067aa0ba902b7"


def test_what_the_caller_did_not_sample_is_not_recorded_but_goes_on(ended):
    with span("request", parent=UNSAMPLED), span("query") as query:
        assert query.traceparent.endswith("-00")
        assert query.trace_id == PARENT[3:35]
    assert ended == []


@pytest.mark.parametrize(
    ("name", "ratio", "recorded"),
    [
        ("always_on", 1, ["root", "of sampled", "of unsampled"]),
        ("always_off", 1, []),
        ("traceidratio", 1, ["root", "of sampled", "of unsampled"]),
        ("traceidratio", 0, []),
        ("parentbased_always_on", 1, ["root", "of sampled"]),
        ("parentbased_always_off", 1, ["of sampled"]),
        ("parentbased_traceidratio", 0, ["of sampled"]),
    ],
)
def test_samplers_decide_as_opentelemetry_says(ended, name, ratio, recorded):
    tracing.use(sampler(name, ratio), tracing.tracing.sink)
    span("root").end()
    span("of sampled", parent=PARENT).end()
    span("of unsampled", parent=UNSAMPLED).end()
    assert [each.name for each in ended] == recorded


def test_a_ratio_takes_its_share_of_traces_and_the_same_ones_everywhere():
    decide, other = sampler("traceidratio", 0.25), sampler("parentbased_traceidratio", 0.25)
    ids = [f"{tracing.tracing.bits(128):032x}" for _ in range(8000)]
    taken = [each for each in ids if decide(None, each)]
    assert 1800 < len(taken) < 2200
    assert taken == [each for each in ids if other(None, each)]


def test_an_exception_marks_its_span_with_the_type_but_never_with_a_librarys_words(ended):
    with pytest.raises(ValueError, match="hanako"), span("request", kind="server"):
        raise ValueError("no such user: hanako@example.com")
    (request,) = ended
    assert request.status == tracing.ERROR
    assert request.attributes["error.type"] == "ValueError"
    assert "hanako" not in repr((request.message, request.attributes, request.events))
    assert "test_tracing.py" in repr(request.events)  # where it broke


def test_a_problem_of_ours_is_told_with_its_code_and_words(ended):
    class OrderNotFound(NotFound):
        """There is no such order."""

        code = "ORDER_NOT_FOUND"

    with pytest.raises(OrderNotFound), span("find"):
        raise OrderNotFound
    assert ended[0].attributes["error.type"] == "ORDER_NOT_FOUND"
    assert ended[0].message == "There is no such order."


def test_a_cancelled_task_marks_its_span(ended):
    async def cancelled():
        task = asyncio.create_task(slow())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def slow():
        with span("slow"):
            await asyncio.sleep(60)

    asyncio.run(cancelled())
    assert ended[0].attributes["error.type"] == "asyncio.exceptions.CancelledError"


def test_tasks_do_not_see_each_others_spans():
    async def both():
        return await asyncio.gather(*(one(str(number)) for number in range(20)))

    async def one(name):
        with span(name) as outer:
            await asyncio.sleep(0)
            with span("inner") as inner:
                await asyncio.sleep(0)
            return inner.parent_id == outer.span_id

    assert all(asyncio.run(both()))


def test_links_name_other_spans_and_what_is_none_is_ignored(ended):
    with span("receive", links=[PARENT, "nonsense"]) as receive:
        receive.link(UNSAMPLED)
        receive.link("nonsense")
    assert [(link.span_id, link.sampled) for link in ended[0].links] == [
        ("00f067aa0ba902b7", True),
        ("00f067aa0ba902b7", False),
    ]


def test_session_and_synthetic_traffic_are_on_every_span_inside(ended):
    with context(session_id="s-1"), context(synthetic="test"), span("request"):
        pass
    span("later").end()
    assert ended[0].attributes == {"session.id": "s-1", "user_agent.synthetic.type": "test"}
    assert ended[1].attributes == {}


def test_a_span_ends_once(ended):
    one = span("one")
    one.end()
    one.end()
    assert len(ended) == 1


def test_a_span_left_in_another_context_leaves_no_trace_there():
    def work():
        with span("generator"):
            yield traceparent()

    async def closed_elsewhere():
        generator = await asyncio.create_task(start())
        generator.close()
        return traceparent()

    async def start():
        generator = work()
        next(generator)
        return generator

    assert asyncio.run(closed_elsewhere()) is None
