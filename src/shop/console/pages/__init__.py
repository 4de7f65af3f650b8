"""The console's pages: HTML over the console's own API, so that whatever a page shows can be asked for by a program."""

from shop.console.pages.first import Buyer
from shop.console.pages.routes import pages

__all__ = ["Buyer", "pages"]
