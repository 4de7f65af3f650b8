"""Log lines as a test writes them down, in a DuckDB of their own."""

import json
from datetime import UTC, datetime

import duckdb

from shop.console.receiver.log_rows import number_in, text_in

__all__ = ["Lines", "ns"]

TABLE = """create table lines (time bigint, message varchar, log varchar, fields varchar,
event varchar, stream varchar, ingested bigint,
id bigint, trace ubigint, route varchar, duration double)"""


def ns(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


class Lines:
    """The port of logs over lines: each a time in seconds after `start`, and an object or a text."""

    def __init__(self, start, lines, log="/shop/local/orders"):
        self.start = ns(start)
        self.database = duckdb.connect()
        self.database.execute(TABLE)
        rows = [self.row(place, log, *line) for place, line in enumerate(lines)]
        self.database.executemany("insert into lines values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def row(self, place, log, seconds, line):
        text = line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)
        time = self.start + round(seconds * 1000) * 1_000_000
        event = None if isinstance(line, str) else line.get("event")
        trace = 0 if isinstance(line, str) else int(line.get("trace_id", "0")[16:] or "0", 16)
        route, duration = (
            (None, None) if isinstance(line, str) else (text_in(line, "http.route"), number_in(line, "duration_ms"))
        )
        return [
            time,
            text,
            log,
            "{}" if isinstance(line, str) else text,
            event,
            "orders-1",
            time + 1,
            place,
            trace,
            route,
            duration,
        ]

    def run(self, sql, parameters=()):
        return self.database.execute(sql, list(parameters)).fetchall()
