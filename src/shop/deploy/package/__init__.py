"""`shop package`: one zip for each service that runs in Lambda, and what its container images hold.

A package is the service's dependency group out of the lock file (`wheels`), the modules of `shop` that it can reach
(`modules`), trimmed and compiled (`tree`), looked at (`checks`) and written so that the same input gives the same bytes
(`archive`). `tree` runs in an image's build too, where nothing is installed yet: all but the command itself needs the
standard library alone.
"""
