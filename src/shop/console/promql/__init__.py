"""PromQL as Prometheus 3 and CloudWatch have it, over the console's metrics.

tree         a query as a tree: read by the package promql-parser, checked, with positions for its errors (locate)
evaluation   the tree over the steps of a query: every node becomes columns, a series with its value at each step
ranges rates running windows     functions of a range of points
calls functions quantiles        functions of values and of labels
aggregations operators           what makes series of series
histogram numbers labels columns model
answers      a result as the HTTP API writes it
api          the calls of the HTTP API, without the HTTP
"""

from shop.console.promql.answers import Answer, instant, ranged
from shop.console.promql.model import QueryError

__all__ = ["Answer", "QueryError", "instant", "ranged"]
