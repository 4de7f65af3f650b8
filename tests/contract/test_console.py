"""The console's routes and the page that tells of them."""

from pathlib import Path

from shop.console.routes import routes

PAGE = Path("docs/console.md").read_text(encoding="utf-8")


def test_every_route_is_on_the_page_of_the_console():
    for route in routes.all:
        path = (
            route.path if f"`{route.path}" in PAGE else route.path.removeprefix("/api/v1/").replace("{name}/values", "")
        )
        assert path in PAGE, route.path


def test_every_route_says_what_it_does_and_that_it_may_not_find_it():
    for route in routes.all:
        assert route.summary, route.path
        if "{" in route.path and not route.path.startswith("/api/v1/"):
            assert any(problem.status == 404 for problem in route.raises), route.path
