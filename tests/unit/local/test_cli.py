import re

import pytest

from shop.cli import main
from shop.local.tunables import TUNABLES

COMMANDS = ("up", "seed", "traffic", "reset", "doctor", "mails", "trace", "redrive")


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys, monkeypatch):
    for language in ("C.UTF-8", "ja_JP.UTF-8"):
        monkeypatch.setenv("LC_ALL", language)
        with pytest.raises(SystemExit) as left:
            main([command, "--help"])
        assert left.value.code == 0
        assert (language == "ja_JP.UTF-8") == bool(re.search("[ぁ-ん]", capsys.readouterr().out))


def test_the_help_of_up_lists_every_setting(capsys):
    with pytest.raises(SystemExit):
        main(["up", "--help"])
    text = capsys.readouterr().out
    assert all(f"{tunable.name}={tunable.default}" in text for tunable in TUNABLES)


@pytest.mark.parametrize(
    "arguments",
    [
        ["up", "--set", "NO_SUCH=1"],
        ["up", "--set", "SWEEP_EVERY=x"],
        ["mails"],
        ["seed"],
        ["reset", "--yes"],
        ["redrive", "orders-events"],
        ["redrive", "no-such-queue"],
    ],
)
def test_what_its_user_can_mend_is_one_line_and_exit_code_2(arguments, tmp_path, capsys):
    assert main([*arguments, "--data", str(tmp_path / "none")]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "Traceback" not in err
