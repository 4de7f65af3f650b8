"""The console: one process that takes the shop's telemetry and shows it. See `store` for what it keeps.

receiver/   OTLP/HTTP in: decoded, kept in a journal, handed to the store
store/      DuckDB: spans, points, logs, rollups, and what passes the bus and the mailbox
ports.py    what the query engines see of the store
promql/     an engine over `ports.Metrics`
insights/   an engine over `ports.Logs`
routes/     the API
"""
