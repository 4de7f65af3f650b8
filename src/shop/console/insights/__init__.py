"""CloudWatch Logs Insights over the console's log lines: a query becomes one SELECT of DuckDB.

reader grammar patterns tree     the text as commands
stages                           the commands as SELECT over SELECT
expressions functions times addresses    what stands in them
sql                              pieces of SQL, their kinds and parameters
answers                          running it; what comes out
"""

from shop.console.insights.answers import Answer, ask
from shop.console.insights.errors import InsightsError

__all__ = ["Answer", "InsightsError", "ask"]
