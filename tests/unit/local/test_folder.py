import os
import socket
from pathlib import Path

import pytest

from shop.local.errors import Refused
from shop.local.folder import Folder
from shop.local.ports import free_port, is_free


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "data")


def test_a_folder_is_held_by_one_shop_at_a_time(folder: Folder):
    held = folder.hold(print)
    assert folder.is_held()
    with pytest.raises(Refused, match=str(folder.path)):
        Folder(folder.path).hold(print)
    held.release()
    assert not folder.is_held()
    folder.hold(print).release()


def test_a_new_shop_waits_for_the_processes_of_one_that_was_killed(folder: Folder):
    held = folder.hold(print)
    child = os.dup(held.inherited)  # as a child process has it
    held.release()
    told: list[str] = []

    def tell(text: str) -> None:
        told.append(text)
        os.close(child)

    folder.hold(tell).release()
    assert len(told) == 1


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="file"):
        Folder(tmp_path / "file" / "data").hold(print)


def test_a_folder_that_nobody_may_write_to_is_refused():
    with pytest.raises(Refused, match="/proc/data"):
        Folder(Path("/proc/data")).hold(print)


def test_secrets_are_kept_for_this_user_alone(folder: Folder):
    folder.make()
    secret = folder.secret("postgres")
    assert Folder(folder.path).secret("postgres") == secret
    assert folder.secret("other") != secret
    assert (folder.path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_a_port_stays_unless_somebody_else_took_it(folder: Folder):
    folder.make()
    port = folder.port("emulator")
    assert folder.port("emulator") == port
    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(port)
        assert folder.port("emulator") != port


def test_a_port_that_is_taken_on_all_interfaces_is_not_free():
    port = free_port()
    with socket.create_server(("0.0.0.0", port)):
        assert not is_free(port)
