"""The one arrow: who may import whom. See docs/decisions/0001-the-house.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = (
    "bench",
    "cli",
    "connectors",
    "deployments",
    "flows",
    "gateway",
    "hotrod",
    "sandbox",
    "tasks",
)

ALLOWED: dict[str, tuple[str, ...]] = {
    "bench": (
        "flows",
        "tasks._accounts",
        "tasks._connections",
        "connectors._http",
        "connectors.ebay",
        "connectors.hubspot",
        "hotrod",
    ),
    "cli": (
        "bench",
        "deployments",
        "flows",
        "tasks",
        "connectors.registry",
        "connectors._http.errors",
        "hotrod",
    ),
    "deployments": ("flows", "tasks", "hotrod"),
    "flows": ("tasks", "hotrod", "connectors._http.errors"),
    "tasks": ("connectors", "hotrod"),
    "gateway": ("hotrod",),
    "sandbox": ("hotrod.settings", "hotrod.services.settings", "hotrod.errors", "hotrod.logging"),
    "hotrod": (),
    "connectors": (),
}
GATEWAY_MAY = re.compile(r"connectors\.(\w+\.webhook|(objects|slack)\.client|_http\.errors)$")
NO_PREFECT = ("hotrod", "connectors", "gateway", "sandbox")
LONGEST_FILE = 400


def modules() -> Iterator[tuple[str, Path]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if path.parent.name != "versions":
                yield room, path


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def is_allowed(room: str, path: Path, name: str) -> bool:
    if within(name, room):
        if room != "connectors":
            return True
        own = path.relative_to(ROOT / room).parts[0]
        return own == "registry.py" or any(
            within(name, f"connectors.{part}") for part in (own, "_http")
        )
    if room == "gateway" and GATEWAY_MAY.match(name):
        return True
    return any(within(name, target) for target in ALLOWED[room])


def violations(room: str, path: Path) -> list[str]:
    wrong = [
        name
        for name in imports(path)
        if name.split(".")[0] in ROOMS and not is_allowed(room, path, name)
    ]
    if room in NO_PREFECT:
        wrong += [name for name in imports(path) if within(name, "prefect")]
    return wrong


@pytest.mark.parametrize("room", ROOMS)
def test_imports_follow_the_arrow(room: str) -> None:
    wrong = {
        str(path.relative_to(ROOT)): names
        for owner, path in modules()
        if owner == room and (names := violations(room, path))
    }
    assert wrong == {}


def test_the_check_would_notice() -> None:
    assert not is_allowed("hotrod", ROOT / "hotrod/x.py", "tasks.mail")
    assert not is_allowed("gateway", ROOT / "gateway/x.py", "flows.repair_intake")
    assert not is_allowed("connectors", ROOT / "connectors/slack/client.py", "connectors.mail")
    assert is_allowed("connectors", ROOT / "connectors/slack/client.py", "connectors._http.client")
    assert is_allowed("gateway", ROOT / "gateway/x.py", "connectors.slack.webhook")


def test_only_settings_read_the_environment() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for _, path in modules()
        if re.search(r"os\.(environ\b(?!\.copy)|getenv)", path.read_text(encoding="utf-8"))
    }
    allowed = {"hotrod/settings.py", "hotrod/stack/environment.py", "bench/stack.py"}
    assert readers <= allowed


def test_rooms_stay_small() -> None:
    long = {
        str(path.relative_to(ROOT)): length
        for _, path in modules()
        if (length := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}
