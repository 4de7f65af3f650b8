"""`python -m shop.console` runs it."""

from shop.console.app import main

main()
