"""Names stand in the registry, and in code only as its constants."""

import ast
from pathlib import Path

import pytest

from shop.telemetry import names

SOURCE = Path("src/shop")
MADE = {Path("src/shop/telemetry/names.py"), Path("src/shop/telemetry/generate.py")}  # what is made, and what makes it
KNOWN = {value: constant for constant, value in vars(names).items() if constant.isupper() and "." in value}
READS = SOURCE / "console"  # it knows the names of whatever telemetry comes in, the shop's or not
FILES = [path for path in sorted(SOURCE.rglob("*.py")) if path not in MADE and READS not in path.parents]


def literals(path):
    """Every string in a file that is no docstring, with its line."""
    tree = ast.parse(path.read_text("utf-8"))
    words = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in words:
            yield node.lineno, node.value


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_name_is_written_out(path):
    written = {f"{path}:{line}: write names.{KNOWN[text]}" for line, text in literals(path) if text in KNOWN}
    assert not written
