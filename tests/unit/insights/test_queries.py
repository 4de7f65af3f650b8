"""Queries of CloudWatch Logs Insights, with what AWS's documentation says of them."""

import time

import pytest
from tests.support.lines import Lines

from shop.console.insights import ask

START = "2026-11-28T10:00:00"
LINES = Lines(
    START,
    [
        (0, {"event": "request", "http.route": "/products", "status": 200, "duration_ms": 12.5, "user": "anna"}),
        (30, {"event": "request", "http.route": "/orders", "status": 201, "duration_ms": 40, "user": "bob"}),
        (60, {"event": "request", "http.route": "/orders", "status": 500, "duration_ms": 900, "user": "anna"}),
        (61.5, {"event": "shop.order.placed", "shop.order.id": "ord_1", "total": {"amount": 1200, "currency": "JPY"}}),
        (90, {"event": "shop.order.placed", "shop.order.id": "ord_2", "lines": [{"sku": "mug"}, {"sku": "tea"}]}),
        (120, {"event": "note", "text": "価格が変わった", "empty": "", "blank": " \t", "ip": "10.1.2.3", "none": None}),
        (150, 'user=anna, method:GET, latency := 17 [INFO] "done"'),
        (180, "user=bob, method:PUT, latency := 20 [WARN] slow"),
    ],
)


def asked(query, seconds=3600):
    return ask(LINES, query, LINES.start, LINES.start + seconds * 1_000_000_000)


def rows(query):
    return asked(query).rows


def one(expression):
    """The value of an expression for the line of the note."""
    return rows(f'fields {expression} as x | filter event = "note" | display x')[0][0]


def test_without_a_command_the_newest_lines_come_with_time_and_message():
    answer = asked("")
    assert answer.fields == ["@timestamp", "@message"]
    assert answer.rows[0] == ["2026-11-28 10:03:00.000", "user=bob, method:PUT, latency := 20 [WARN] slow"]
    assert (len(answer.rows), answer.scanned, answer.matched) == (8, 8, 8)


def test_both_ends_of_the_time_asked_for_are_part_of_it():
    assert [row[0] for row in asked("fields @timestamp", 60).rows] == [
        "2026-11-28 10:01:00.000",
        "2026-11-28 10:00:30.000",
        "2026-11-28 10:00:00.000",
    ]


def test_fields_of_aws_are_there():
    assert rows("fields @timestamp, @log, @logStream, @ingestionTime | limit 1") == [
        ["2026-11-28 10:03:00.000", "/shop/local/orders", "orders-1", "2026-11-28 10:03:00.000"]
    ]


def test_values_keep_their_kind_and_what_is_not_there_is_null():
    assert rows("fields status, duration_ms, user, nothing | sort @timestamp | limit 2") == [
        [200, 12.5, "anna", None],
        [201, 40, "bob", None],
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("total.amount", 1200),
        ("shop.order.id", "ord_1"),
        ("`shop.order.id`", "ord_1"),
        ("total", '{"amount":1200,"currency":"JPY"}'),
    ],
)
def test_keys_with_dots_and_keys_within_keys_are_read_alike(name, value):
    assert rows(f'filter `shop.order.id` = "ord_1" | fields {name}') == [[value]]


@pytest.mark.parametrize("name", ["lines.1.sku", "lines[1].sku"])
def test_elements_of_lists_have_numbers_from_0(name):
    assert rows(f"filter ispresent({name}) | fields {name}") == [["tea"]]


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("status = 200", 1),
        ('status = "200"', 1),
        ("status >= 201 and status < 600", 2),
        ('user = "anna" or user = "bob"', 3),
        ('user != "anna"', 6),
        ('not (user = "anna")', 6),
        ("status in [200, 500]", 2),
        ('user not in ["anna"] and ispresent(user)', 1),
        ("@message like /(?i)USER=/", 2),
        ('@message like "user="', 2),
        ("@message =~ /user=b/", 1),
        ("@message not like /user/", 3),
        ("ispresent(status)", 3),
        ("not ispresent(status)", 5),
        ("status", 3),
        ("nothing = 1", 0),
        ("nothing != 1", 8),
        ("nothing < 1 or nothing >= 1", 0),
        ('user > "anna"', 1),
        ("status > 200 + 100 * 2", 1),
        ("strcontains(@message, 'slow')", 1),
        ("duration_ms between 1", None),
    ],
)
def test_filters(condition, count):
    if count is None:
        with pytest.raises(Exception, match="expected"):
            asked(f"filter {condition}")
        return
    answer = asked(f"filter {condition} | stats count(*) as n")
    assert (answer.rows, answer.scanned, answer.matched) == ([[count]], 8, count)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2 ^ 3", 8),
        ("10 % 3", 1),
        ("7 / 2", 3.5),
        ("1 / 0", None),
        ("1 - 2 - 3", -4),
        ("-2 ^ 2", -4),
        ("(1 + 2) * 3", 9),
        ("abs(-3)", 3),
        ("ceil(1.2)", 2),
        ("floor(-1.2)", -2),
        ("greatest(1, 3, 2)", 3),
        ("least(3, 1, 2)", 1),
        ("log(1)", 0),
        ("log(-1)", None),
        ("sqrt(9)", 3),
        ("round(2.567, 2)", 2.57),
        ("ispresent(text)", 1),
        ("ispresent(none)", 0),
        ("isempty(empty)", 1),
        ("isempty(nothing)", 1),
        ("isempty(blank)", 0),
        ("isblank(blank)", 1),
        ("coalesce(nothing, text)", "価格が変わった"),
        ("coalesce(nothing, 5)", 5),
        ('concat("a", text, 1)', "a価格が変わった1"),
        ('ltrim("xyZxyfooxyZ", "xyZ")', "fooxyZ"),
        ('rtrim("xyZfooxyxyZ", "xyZ")', "xyZfoo"),
        ('trim("xyZxyfooxyxyZ", "xyZ")', "foo"),
        ('trim("  a ")', "a"),
        ("strlen(text)", 7),
        ('toupper("aé")', "AÉ"),
        ('tolower("AÉ")', "aé"),
        ('substr("xyZfooxyZ", 3, 3)', "foo"),
        ('substr("xyZfooxyZ", 3)', "fooxyZ"),
        ('replace("smoke_test", "smoke", "s")', "s_test"),
        ('strcontains("foo", "oo")', 1),
        ('strcontains(nothing, "oo")', 0),
        ("toMillis(@timestamp)", 1795860120000),
        ("fromMillis(1795860120123)", "2026-11-28 10:02:00.123"),
        ("datefloor(@timestamp, 1h)", "2026-11-28 10:00:00.000"),
        ("dateceil(@timestamp, 1h)", "2026-11-28 11:00:00.000"),
        ("dateceil(@timestamp, 1m)", "2026-11-28 10:02:00.000"),
        ("datefloor(@timestamp, 1d)", "2026-11-28 00:00:00.000"),
        ("datefloor(@timestamp, 1w)", "2026-11-23 00:00:00.000"),
        ("datefloor(@timestamp, 1mo)", "2026-11-01 00:00:00.000"),
        ("dateceil(@timestamp, 1q)", "2027-01-01 00:00:00.000"),
        ("datefloor(@timestamp, 1year)", "2026-01-01 00:00:00.000"),
        ("bin(5min)", "2026-11-28 10:00:00.000"),
        ("bin(300s)", "2026-11-28 10:02:00.000"),  # AWS takes no more than 60 for s
        ('jsonParse(\'{"a": [1, {"b": 2}]}\')', '{"a":[1,{"b":2}]}'),
        ("jsonParse('no')", None),
        ("isValidIp(ip)", 1),
        ("isValidIpV4('256.1.1.1')", 0),
        ("isValidIpV6('2001:db8::1')", 1),
        ("isValidIpV6('1::2::3')", 0),
        ("isIpv4InSubnet(ip, '10.0.0.0/8')", 1),
        ("isIpv4InSubnet(ip, '10.2.0.0/16')", 0),
        ("isIpv4InSubnet(text, '10.2.0.0/16')", 0),
        ("isIpv6InSubnet('2001:db8::ff', '2001:db8::/32')", 1),
        ("isIpv6InSubnet('2001:db9::ff', '2001:db8::/32')", 0),
        ("isIpInSubnet(ip, '10.1.2.0/24')", 1),
    ],
)
def test_functions(expression, value):
    assert one(expression) == value


def test_parse_with_stars_makes_fields_of_the_lines_that_match():
    query = 'parse @message "user=*, method:*, latency := * [*] *" as user, method, latency, level, rest'
    assert rows(f"{query} | filter ispresent(method) | display user, method, latency + 1, level, rest") == [
        ["bob", "PUT", 21, "WARN", "slow"],
        ["anna", "GET", 18, "INFO", '"done"'],
    ]


def test_parse_with_a_regular_expression_makes_fields_of_its_named_groups():
    query = r"parse @message /user=(?<@user2>\w+), (?:method):(?<method2>.*?), /"
    assert rows(f"{query} | stats count(*) as n by @user2, method2 | filter ispresent(@user2)") == [
        ["anna", "GET", 1],
        ["bob", "PUT", 1],
    ]


def test_parse_reads_the_message_if_no_field_is_named_and_its_results_can_be_parsed():
    assert rows('parse "latency := *" as rest | parse rest "* [*]" as ms, level | filter ms > 17 | display level') == [
        ["WARN"]
    ]


def test_stats_have_their_groups_first_and_names_as_they_are_written():
    answer = asked("filter ispresent(status) | stats count(*), avg(duration_ms) by http.route")
    assert answer.fields == ["http.route", "count(*)", "avg(duration_ms)"]
    assert answer.rows == [["/orders", 2, 470], ["/products", 1, 12.5]]


def test_stats_of_everything():
    query = """filter ispresent(duration_ms)
        | stats count(user), count_distinct(user), sum(duration_ms), min(duration_ms), max(duration_ms),
            pct(duration_ms, 50), stddev(duration_ms), earliest(user), latest(status), sortsFirst(user),
            sortsLast(user), max(user), sum(nothing)"""
    [row] = rows(query)
    assert row[:6] == [3, 2, 952.5, 12.5, 900, 40]
    assert row[6] == pytest.approx(504.65, abs=0.01)
    assert row[7:] == ["anna", 500, "anna", "bob", "bob", None]


def test_stats_by_time():
    assert rows("stats count(*) as n by bin(1m) as minute | sort minute") == [
        ["2026-11-28 10:00:00.000", 2],
        ["2026-11-28 10:01:00.000", 3],
        ["2026-11-28 10:02:00.000", 2],
        ["2026-11-28 10:03:00.000", 1],
    ]


def test_aggregates_can_be_computed_with():
    assert rows("stats sum(duration_ms) / count(duration_ms) as mean, count(*) * 2 as twice") == [[317.5, 16]]


def test_stats_of_stats():
    query = "stats count(*) as n by event, bin(1m) | filter n > 0 | stats max(n) as most, count(*) as groups by event"
    assert rows(f"{query} | sort most desc, event") == [
        ["request", 2, 2],
        ["shop.order.placed", 2, 1],
        ["note", 1, 1],
        [None, 1, 2],
    ]


def test_a_result_is_found_by_the_way_it_is_written():
    query = "filter ispresent(user) | stats count(*) by user"
    assert rows(f"{query} | sort count(*) desc")[0] == rows(f"{query} | sort `count(*)` desc")[0] == ["anna", 2]


def test_numbers_sort_by_size_after_text_and_digits_within_text_by_theirs():
    values = ["a10", "a9", "10", "9", "B", "5A", "111A", "@", "!"]
    lines = Lines(START, [(index, {"v": value}) for index, value in enumerate(values)] + [(99, {"other": 1})])
    found = ask(lines, "fields v | sort v", lines.start, lines.start + 10**12).rows
    assert [row[0] for row in found] == ["!", "5A", "111A", "@", "B", "a9", "a10", "9", "10", None]
    found = ask(lines, "fields v | sort v desc", lines.start, lines.start + 10**12).rows
    assert [row[0] for row in found] == ["10", "9", "a10", "a9", "B", "@", "111A", "5A", "!", None]


def test_dedup_keeps_the_first_of_each_in_the_order_asked_for_and_all_without_the_field():
    assert rows("filter ispresent(event) | fields user, status | sort status desc | dedup user | limit 2") == [
        ["anna", 500],
        ["bob", 201],
    ]
    assert len(rows("dedup user")) == 2 + 5


def test_what_follows_a_limit_sees_only_what_it_left():
    assert rows("sort @timestamp | limit 3 | stats count(*) as n") == [[3]]
    assert rows("sort @timestamp | limit 3 | filter status > 200 | fields status") == [[201], [500]]


def test_dedup_counts_beyond_what_is_shown():
    lines = Lines(START, [(0, {"v": 1})])
    columns = "time + i, message, log, json_object('v', i), event, stream, ingested, i, trace, route, duration"
    lines.database.execute(f"insert into lines select {columns} from lines, range(12000) as t(i)")
    assert ask(lines, "dedup v | stats count(*)", lines.start, lines.start + 20_000).rows == [[12_000]]


def test_filters_after_parse_count_as_matched():
    query = 'parse "latency := * " as ms | filter ms > 17 | sort @timestamp | limit 5 | fields ms'
    answer = asked(query)
    assert (answer.rows, answer.matched) == ([["20"]], 1)


def test_a_line_whose_fields_cannot_be_read_is_a_line_without_fields():
    lines = Lines(START, [(0, {"v": 1}), (1, {"v": 2})])
    lines.database.execute("""update lines set fields = '{"v": "\\ud800"}' where id = 1""")
    assert ask(lines, "fields v | sort v", lines.start, lines.start + 10**10).rows == [[1], [None]]
    assert ask(lines, "filter v > 0 | stats count(*)", lines.start, lines.start + 10**10).rows == [[1]]


def test_display_is_all_that_is_shown():
    assert asked("fields user, status | display status").fields == ["status"]


def test_commands_and_words_are_of_any_case_and_comments_are_passed_over():
    query = """# all of it
      FIELDS @message | FILTER status = 500 and user LIKE /an/ # here
      | STATS COUNT(*) AS n"""
    assert rows(query) == [[1]]


def test_a_query_with_all_results_of_stats_gives_no_more_than_10000_rows():
    lines = Lines(START, [(0, {"v": 1})])
    columns = "time, message, log, fields, event, stream, ingested, i, trace, route, duration"
    lines.database.execute(f"insert into lines select {columns} from lines, range(10010) as t(i)")
    answer = ask(lines, "fields v", lines.start, lines.start + 1)
    assert (len(answer.rows), answer.scanned) == (10_000, 10_011)


def test_a_trace_is_found_whichever_way_it_is_written():
    trace, other = "0af7651916cd43dd8448eb211c80319c", "ffffffffffffffff8448eb211c80319c"
    lines = Lines(START, [(0, {"trace_id": trace, "n": 1}), (1, {"trace_id": other, "n": 2}), (2, {"n": 3})])

    def found(condition):
        return [
            row[0]
            for row in ask(lines, f"filter {condition} | fields n | sort n", lines.start, lines.start + 10**10).rows
        ]

    assert found(f'trace_id = "{trace}"') == found(f'"{trace}" = trace_id') == [1]
    assert found(f'trace_id = "{trace.upper()}"') == []
    assert found(f'trace_id = "{trace}" or n = 3') == [1, 3]
    assert found(f'not trace_id = "{trace}"') == found(f'trace_id != "{trace}"') == [2, 3]
    assert found(f'trace_id in ["{trace}"]') == found("trace_id like /^0af/") == [1]
    made = f'fields n as trace_id, n | filter trace_id = "{trace}"'
    assert ask(lines, made, lines.start, lines.start + 10**10).rows == []


def test_now_is_the_time_of_the_query_in_seconds():
    before = int(time.time())
    found = rows("stats max(now()) as n, min(now()) as m")[0]
    assert found[0] == found[1]
    assert before <= found[0] <= time.time()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('jsonStringify(jsonParse(\'{"a": [1, {"b": null}]}\'))', '{"a":[1,{"b":null}]}'),
        ("jsonStringify('text')", "text"),
        ("toNumber('12.5') + 1", 13.5),
        ("toDouble('12.5')", 12.5),
        ("toInt('12.9')", 12),
        ("toLong(-12.9)", -12),
        ("toNumber('twelve')", None),
    ],
)
def test_values_are_turned_into_others(expression, value):
    assert rows(f"fields {expression} as v | limit 1 | display v") == [[value]]


def test_the_median_and_percentile_are_other_words_for_pct():
    assert (
        rows("stats median(status), pct(status, 50), percentile(status, 50)")[0][1:]
        == rows("stats pct(status, 50), median(status)")[0]
    )


def test_a_field_that_has_a_column_of_its_own_is_read_wherever_it_stands():
    """As a key with dots, within an object, as text: what the column cannot hold is read from the line."""
    given = [
        (0, {"http.route": "/a", "duration_ms": 5}), (1, {"http": {"route": "/b"}, "duration_ms": "7.5"}),
        (2, {"http.route": 3, "duration_ms": "fast"}), (3, {"duration_ms": {"n": 1}}), (4, "plain"),
    ]  # fmt: skip
    lines = Lines(START, given)

    def found(query):
        return ask(lines, query, lines.start, lines.start + 10**10).rows

    assert found("fields http.route as r | sort @timestamp | display r") == [["/a"], ["/b"], ["3"], [None], [None]]
    shown = found("sort @timestamp | display duration_ms, duration_ms * 2")
    assert shown == [[5, 10], ["7.5", 15], ["fast", None], ['{"n":1}', None], [None, None]]
    assert found("filter duration_ms > 5 | stats count(*)") == [[1]]
    assert found("stats sum(duration_ms)") == [[12.5]]
    assert found("filter duration_ms like /fa/ | stats count(*)") == [[1]]
    assert sorted(map(tuple, found("stats count(*) by http.route")), key=str) == [
        ("/a", 1), ("/b", 1), ("3", 1), (None, 2),
    ]  # fmt: skip
