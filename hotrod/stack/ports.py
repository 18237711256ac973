"""Find out which TCP ports are taken, before anything starts."""

from __future__ import annotations

import socket
from collections import defaultdict
from collections.abc import Iterable

import psutil

from hotrod.errors import HotrodError
from hotrod.stack.parts import Part, Port


class PortError(HotrodError):
    """Ports that can't be used; each line names the setting that moves one."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        super().__init__("; ".join(lines))


def check_ports(parts: Iterable[Part]) -> None:
    """Make sure that every port of the parts is free, and asked for once.

    Raises:
        PortError: with a line per port that isn't.
    """
    wanted: dict[int, list[str]] = defaultdict(list)
    for part in parts:
        for port in part.ports:
            wanted[port.number].append(port.setting)
    lines = [
        f"port {number} is given twice: by {' and '.join(settings)}; change one of them"
        for number, settings in wanted.items()
        if len(settings) > 1
    ]
    lines += [
        f"port {number} is in use{_by(number)}; free it, or move ours with {settings[0]}"
        for number, settings in wanted.items()
        if not is_free(Port(number, settings[0]))
    ]
    if lines:
        raise PortError(lines)


def is_free(port: Port) -> bool:
    """Tell whether a server could listen on the port, on loopback."""
    with socket.socket() as probe:
        # A port whose last connections are in TIME_WAIT can be listened on, by servers that ask.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port.number))
        except OSError:
            return False
        return True


def _by(number: int) -> str:
    """Return who listens, as far as the system tells us."""
    try:
        for connection in psutil.net_connections("tcp"):
            address, pid = connection.laddr, connection.pid
            if connection.status == psutil.CONN_LISTEN and address and address.port == number:
                return f" by {psutil.Process(pid).name()} (pid {pid})" if pid else ""
    except (psutil.Error, OSError):
        pass
    return ""
