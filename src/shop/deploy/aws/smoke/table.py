"""A run as people read it."""

import sys

from rich.cells import set_cell_size

from shop.deploy.aws.smoke.places import Place
from shop.deploy.aws.smoke.run import run

__all__ = ["show"]


def show(place: Place) -> int:
    """A line for each step as it is done; 0 when all went well, else 1."""
    well = True
    sys.stdout.write(f"{place.url}\n")
    for step in run(place):
        well = step.well
        name = set_cell_size(step.name, 16)
        mark = "ok" if step.well else "!!"
        sys.stdout.write(f"{mark}  {name} {step.seconds:7.2f} s  {step.trace_id:<32}  {step.detail}\n")
        sys.stdout.flush()
    return 0 if well else 1
