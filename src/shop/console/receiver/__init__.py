"""OTLP/HTTP in (https://opentelemetry.io/docs/specs/otlp/): decoded into rows, journalled, handed to the store."""
