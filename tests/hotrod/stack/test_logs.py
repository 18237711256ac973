from __future__ import annotations

from pathlib import Path

import pytest

from hotrod.stack import logs
from hotrod.stack.logs import Follower, log_path, rotate, tail


@pytest.mark.parametrize("block", [3, 65_536])
@pytest.mark.parametrize("ending", ["\n", ""])
def test_the_tail_is_the_last_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, ending: str
) -> None:
    monkeypatch.setattr(logs, "_BLOCK", block)
    lines = [f"line {number} é" for number in range(20)]
    path = tmp_path / "x.log"
    path.write_text("\n".join(lines) + ending, encoding="utf-8")
    assert tail(path, 3) == lines[-3:]
    assert tail(path, 100) == lines
    assert tail(path, 0) == []
    assert tail(tmp_path / "none.log", 3) == []


def test_a_long_log_is_moved_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = log_path(tmp_path, "server")
    rotate(path)
    assert path.parent.is_dir()
    monkeypatch.setattr(logs, "ROTATE_BYTES", 10)
    path.write_text("short")
    rotate(path)
    assert path.read_text() == "short"
    path.write_text("longer than that")
    rotate(path)
    assert not path.exists()
    assert (tmp_path / "logs" / "server.log.1").read_text() == "longer than that"


def test_following_shows_whole_new_lines_across_rotation(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    early = Follower(path)
    assert list(early.new_lines()) == []
    path.write_text("old\n")
    follower = Follower(path)
    assert list(follower.new_lines()) == []
    with path.open("a") as file:
        file.write("one\ntwo\nhal")
    assert list(follower.new_lines()) == ["one", "two"]
    with path.open("a") as file:
        file.write("f\n")
    assert list(follower.new_lines()) == ["half"]
    path.write_text("anew\n")
    assert list(follower.new_lines()) == ["anew"]
    assert list(early.new_lines()) == ["anew"]
