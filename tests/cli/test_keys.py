from __future__ import annotations

import re

import pytest

from cli import console
from hotrod.access.models import Scope
from tests.cli.conftest import Hotrod

pytestmark = pytest.mark.usefixtures("our_database")


def test_a_key_is_made_listed_and_revoked(
    hotrod: Hotrod, capsys: pytest.CaptureFixture[str]
) -> None:
    scopes = ("--scope", "tickets:read", "--scope", "tickets:write")
    assert hotrod("keys", "create", "a website", *scopes, "--business", "noizylab") == 0
    key = capsys.readouterr().out.strip()
    assert re.fullmatch(r"hrf_[0-9a-f]{10}_\S{43}", key)
    prefix, secret = key.split("_", 2)[1:]

    assert hotrod("keys", "list") == 0
    listed = capsys.readouterr().out
    (row,) = [line for line in listed.splitlines() if prefix in line]
    assert "a website" in row
    assert "tickets:read tickets:write" in row
    assert "noizylab" in row
    assert secret not in listed

    assert hotrod("keys", "revoke", prefix) == 0
    capsys.readouterr()
    hotrod("keys", "list")
    (revoked,) = [line for line in capsys.readouterr().out.splitlines() if prefix in line]
    assert len(re.findall(r"\d{4}-\d\d-\d\d", revoked)) == 2  # created and revoked


def test_a_key_that_is_not_there_can_not_be_revoked(
    hotrod: Hotrod, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hotrod("keys", "revoke", "0000000000") == 1
    assert "0000000000" in capsys.readouterr().err


def test_a_business_that_is_not_there_is_told(
    hotrod: Hotrod, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hotrod("keys", "create", "x", "--scope", "admin", "--business", "nobody") == 1
    assert "no such business" in capsys.readouterr().err


def test_a_scope_that_is_not_there_is_refused(
    hotrod: Hotrod, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hotrod("keys", "create", "x", "--scope", "everything") == 2
    assert "tickets:write" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "told"), [("x" * 300, "80"), (" ", "website"), ("a\nb", "website")]
)
def test_a_name_that_fits_no_line_is_refused(
    hotrod: Hotrod, capsys: pytest.CaptureFixture[str], name: str, told: str
) -> None:
    assert hotrod("keys", "create", name, "--scope", "admin") == 1
    assert told in capsys.readouterr().err


def test_scopes_are_listed_whole_on_a_narrow_terminal(
    hotrod: Hotrod, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scopes = [f"--scope={scope}" for scope in Scope]
    assert hotrod("keys", "create", "a long name " * 6, *scopes) == 0
    monkeypatch.setattr(console.out, "width", 80)
    capsys.readouterr()
    assert hotrod("keys", "list") == 0
    listed = capsys.readouterr().out
    for scope in Scope:
        assert scope in listed
    assert "…" not in listed


def test_a_database_that_is_away_is_told(
    hotrod: Hotrod, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOTROD_DATABASE__URL")
    assert hotrod("keys", "list") == 1
    assert "hotrod up" in capsys.readouterr().err
