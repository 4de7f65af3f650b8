"""What one deployment sends while nobody comes, and what an order adds: measured by tests/bench/bench_cost.py.

On a laptop, with the intervals of AWS (telemetry every 10 s, sweeps every minute), and a quarter more for what only AWS
writes: START and REPORT of functions, access logs, the collectors' own. Metrics count as CloudWatch counts them,
each data point with its resource's attributes.
"""

from typing import Final

__all__ = ["IDLE", "ORDER"]

IDLE: Final = {"metrics": 127e3, "spans": 33e3, "logs": 15e3}  # bytes a minute
ORDER: Final = {  # of an order with the visits that lead to it: two lists, a product, the cart twice, the order twice
    "metrics": 60e3,  # 30 to 44 were measured: the longer an order takes, the more often metrics are sent
    "spans": 132e3,
    "logs": 45e3,
    "requests": 12,  # to the API, those of services among them
    "events": 6,  # on the bus
    "messages": 10,  # on queues
    "calls": 10,  # of functions
    "writes": 50,  # units of DynamoDB: a transaction's count twice, indexes' too
    "reads": 20,
}
