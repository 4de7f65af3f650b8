"""Queries over the logs to begin with: the console offers them, and every deployment has them saved in CloudWatch."""

from typing import Final

from shop.telemetry.points import Query, Text

__all__ = ["EXAMPLES", "FAILURES", "NEWEST_LINES", "SLOW_ROUTES"]

NEWEST_LINES: Final = """fields @timestamp, `service.name`, level, event, @message
| sort @timestamp desc
| limit 100"""
FAILURES: Final = """filter level = 'ERROR'
| stats count(*) as failures by `service.name`
| sort failures desc"""
SLOW_ROUTES: Final = """filter event = 'shop.request'
| stats count(*) as requests, avg(duration_ms) as average, pct(duration_ms, 95) as p95 by `http.route`
| sort p95 desc"""
SEARCHED: Final = """filter event = 'shop.search'
| stats count(*) as searches by `shop.search.query`
| sort searches desc
| limit 20"""
EXAMPLES: Final = (
    Query(Text("新しい順に 100 行", "The newest 100 lines"), NEWEST_LINES),
    Query(Text("サービスごとの失敗", "Failures by service"), FAILURES),
    Query(Text("時間のかかるルート", "Slow routes"), SLOW_ROUTES),
    Query(Text("よく検索される言葉", "What is searched for most"), SEARCHED),
)
