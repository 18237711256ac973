from __future__ import annotations

import os
import socket

import pytest

from hotrod.stack.parts import Port
from hotrod.stack.ports import PortError, check_ports, is_free
from tests.conftest import free_port
from tests.hotrod.stack.conftest import MakePart


def test_free_and_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = Port(server.getsockname()[1], "HOTROD_X")
        assert not is_free(port)
    assert is_free(port)


def test_a_taken_port_is_named_with_its_holder_and_its_setting(part: MakePart) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = Port(server.getsockname()[1], "HOTROD_GATEWAY__PORT")
        free = Port(free_port(), "HOTROD_PREFECT__PORT")
        with pytest.raises(PortError) as raised:
            check_ports([part("a", ports=(free,)), part("b", ports=(taken,))])
    (line,) = raised.value.lines
    assert f"port {taken.number} is in use" in line
    assert f"(pid {os.getpid()})" in line
    assert line.endswith("move ours with HOTROD_GATEWAY__PORT")


def test_a_port_given_twice_names_both_settings(part: MakePart) -> None:
    number = free_port()
    one, two = Port(number, "HOTROD_A__PORT"), Port(number, "HOTROD_B__PORT")
    with pytest.raises(PortError, match=r"HOTROD_A__PORT and HOTROD_B__PORT"):
        check_ports([part("a", ports=(one,)), part("b", ports=(two,))])


def test_free_ports_pass(part: MakePart) -> None:
    check_ports([part("a", ports=(Port(free_port(), "HOTROD_A__PORT"),)), part("b")])
