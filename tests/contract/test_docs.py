"""The documents hold together: numbers of decisions are unique, links inside the repository lead somewhere."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from shop.telemetry.points import points
from shop.telemetry.queries import queries
from shop.telemetry.slos import slos

ADRS = sorted(Path("docs/adr").glob("*.md"))
PAGES = [Path("README.md"), Path("README.ja.md"), Path("CONTRIBUTING.md"), *sorted(Path("docs").rglob("*.md"))]


def test_every_decision_has_a_number_of_its_own_and_says_it():
    numbers = [int(page.name[:4]) for page in ADRS]
    assert numbers == list(range(1, len(numbers) + 1))
    for number, page in zip(numbers, ADRS, strict=True):
        assert page.read_text(encoding="utf-8").startswith(f"# {number}."), page


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), target


def test_both_readmes_tell_the_same_things():
    shown = [
        set(re.findall(r"`([^`\n]+)`", Path(name).read_text(encoding="utf-8")))
        for name in ("README.md", "README.ja.md")
    ]
    commands = [{each for each in one if each.startswith(("make ", ".venv/bin/shop", "OTEL_"))} for one in shown]
    assert {each.split()[0:2][-1] for each in commands[0]} == {each.split()[0:2][-1] for each in commands[1]}


@pytest.mark.parametrize("name", ["look.md", "look.ja.md"])
def test_where_to_look_on_aws_has_every_query_of_the_console_word_for_word(name):
    page = Path("docs/aws", name).read_text(encoding="utf-8")
    blocks = set(re.findall(r"```(?:promql)?\n(.*?)\n```", page, re.DOTALL))
    for point in points():
        wanted = [point.promql(timedelta(hours=1)), point.insights, *(query.insights for query in point.queries)]
        assert set(filter(None, wanted)) <= blocks, point.id
        assert f"../signals/{point.id}.md" in page
    for what in slos().judged:
        assert what.title.ja in page or what.title.en in page
        assert any(f"`{what.id}-{end}`" in page for end in (*queries(what), "*"))
