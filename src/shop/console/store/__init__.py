"""What the console keeps, in one DuckDB file that this process alone opens.

| table       | a row is                                           | is one by                              |
|-------------|----------------------------------------------------|----------------------------------------|
| `spans`     | a span                                             | trace id and span id                   |
| `series`    | a metric's series: name, kind, labels              | all of these                           |
| `points`    | a point of a series                                | series, start and time                 |
| `exemplars` | a value of a histogram with its span               | series, time and span                  |
| `logs`      | a log record                                       | `log.record.uid`, where it has one     |
| `red`       | spans per minute, service, operation and duration  | made from `spans`                      |
| `edges`     | calls per minute from one node of the map to another | made from `spans`                    |
| `stretches` | from when to when a trace went on, of some spans   | made from `spans`                      |
| `minutes`   | the histograms of a series in a minute, merged     | made from `points`                     |
| `mails`, `events` | what SES sent, what passed the bus           | their ids                              |
| `alarms`    | the state of an objective or alarm                 | its id                                 |

Times are BIGINT, ns since 1970. `ports` says what the query engines see of it.
"""
