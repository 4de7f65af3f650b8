"""Every setting that any process reads has its line in docs/settings.md, and every line there is a setting."""

import importlib
import pkgutil
import re
from datetime import timedelta
from pathlib import Path

import msgspec

import shop
from shop.kernel.config import duration, variable
from shop.local.tunables import TUNABLES

PAGE = Path("docs/settings.md").read_text(encoding="utf-8")
LINES = [line.split("|")[1:-1] for line in PAGE.splitlines() if line.startswith("| `")]
DOCUMENTED = {name for line in LINES for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", line[0])}


def settings():
    """Variable -> the defaults that those who read it have, of every class of settings in the package."""
    found: dict[str, list[object]] = {}
    for module in pkgutil.walk_packages(shop.__path__, "shop."):
        # `shop.telemetry.api` registers itself, and Locust patches the standard library of whoever imports it.
        if module.name.endswith("__main__") or module.name.startswith(("shop.telemetry.api.", "shop.local.traffic.")):
            continue
        for kind in vars(importlib.import_module(module.name)).values():
            if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__name__.endswith("Settings")):
                continue
            for each in msgspec.structs.fields(kind):
                found.setdefault(variable(each.name), []).append(each.default)
    return found


def test_every_setting_has_its_line_and_every_line_a_setting():
    assert set(settings()) | {tunable.name for tunable in TUNABLES} == DOCUMENTED


def test_what_can_be_changed_is_what_the_page_says():
    section = PAGE.split("\n## ")[1]
    lines = [line.split("|")[1:-1] for line in section.splitlines() if line.startswith("| `")]
    assert {line[0].strip(" `"): line[1].strip(" `") for line in lines} == {t.name: t.default for t in TUNABLES}


def test_defaults_in_the_code_are_those_of_the_page():
    """What a schedule decides (SWEEP_EVERY) is slower on AWS: there the code's own default is the page's remark."""
    read = settings()
    for tunable in TUNABLES:
        if tunable.parse is duration and tunable.name != "SWEEP_EVERY":
            for default in read.get(tunable.name, []):
                assert default == duration(tunable.default), tunable.name
                assert isinstance(default, timedelta)
