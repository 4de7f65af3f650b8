"""Ports that are chosen before anybody listens on them."""

import socket
import subprocess
import sys

import pytest

from shop.local.ports import free_port, is_free

CLAIM = "import sys; from shop.local import ports; print(ports.claim(int(sys.argv[1])))"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a port is chosen, not held")
def test_what_one_process_has_chosen_no_other_one_chooses_and_a_server_can_listen_on_it():
    port = free_port()

    other = subprocess.run(
        [sys.executable, "-c", CLAIM, str(port)], capture_output=True, text=True, timeout=60, check=True
    )

    assert other.stdout == "False\n"
    assert is_free(port)
    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(port)
