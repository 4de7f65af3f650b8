"""`shop aws cost`: the bill of the templates, by the price table in `infra/prices.yaml`."""
