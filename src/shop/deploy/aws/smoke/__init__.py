"""`shop aws smoke`: a customer's way through a deployed shop, and whether its trace and its metric arrive.

What goes over HTTP is the same on a laptop: `shop aws smoke --data .shop` tries a running local shop.
"""

from shop.deploy.aws.smoke.places import on_aws, on_this_machine
from shop.deploy.aws.smoke.run import Step, run
from shop.deploy.aws.smoke.table import show

__all__ = ["Step", "on_aws", "on_this_machine", "run", "show"]
