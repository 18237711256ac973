"""Settings: complete in .env.example, checked, and pointed at the stand-ins by default."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr

from hotrod.errors import SettingsError
from hotrod.settings import ENV_PREFIX, Settings, load_settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"


def names(model: type[BaseModel], prefix: str = ENV_PREFIX) -> set[str]:
    found: set[str] = set()
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found |= names(inner, f"{prefix}{name.upper()}__")
        else:
            found.add(prefix + name.upper())
    return found


def every_field(model: type[BaseModel]) -> list[tuple[str, str | None]]:
    rows: list[tuple[str, str | None]] = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            rows += every_field(inner)
        else:
            rows.append((name, field.description))
    return rows


def test_the_example_file_lists_every_setting_and_no_other() -> None:
    listed = re.findall(r"^(?:# )?(HOTROD_\w+)=", EXAMPLE.read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(names(Settings))


def test_every_setting_is_described() -> None:
    assert [name for name, description in every_field(Settings) if not description] == []


def test_the_example_file_changes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(EXAMPLE.read_text())
    assert load_settings() == Settings(_env_file=None)


def test_by_default_everything_is_played_by_stand_ins() -> None:
    settings = Settings(_env_file=None)
    assert settings.graph.base_url.startswith(settings.sandbox_url)
    assert settings.claude.base_url.startswith(settings.sandbox_url)
    assert settings.slack.base_url.startswith(settings.sandbox_url)
    assert settings.smtp.port == settings.sandbox.smtp_port
    assert settings.mail_is_played


def test_a_given_server_gets_none_of_the_stand_ins_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOTROD_MAIL__TRANSPORT", "smtp")
    monkeypatch.setenv("HOTROD_SMTP__HOST", "mail.example.com")
    settings = load_settings()
    assert (settings.smtp.host, settings.smtp.port) == ("mail.example.com", 587)
    assert not settings.mail_is_played
    assert settings.smtp.username == ""
    assert settings.smtp.password == SecretStr("")


@pytest.mark.parametrize(
    ("environment", "named", "cure"),
    [
        ({"HOTROD_GATEWAY__PORT": "http"}, "HOTROD_GATEWAY__PORT", "integer"),
        ({"HOTROD_GATEWAY__PROT": "8081"}, "HOTROD_GATEWAY__PROT", ".env.example"),
        (
            {"HOTROD_DATABASE__URL": "mysql://u:p@h/x"},
            "HOTROD_DATABASE__URL",
            "only PostgreSQL",
        ),
        ({"HOTROD_GATEWAI": "x"}, "HOTROD_GATEWAI", ".env.example"),
        ({"HOTROD_SANDBOX__SERVICES": "claude"}, "settings", "HOTROD_GRAPH__TENANT"),
        (
            {"HOTROD_SANDBOX__SERVICES": "none", "HOTROD_MAIL__TRANSPORT": "smtp"},
            "settings",
            "HOTROD_SMTP__HOST",
        ),
    ],
)
def test_wrong_settings_are_named_with_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], named: str, cure: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        load_settings()
    (row,) = raised.value.rows
    assert row[0].startswith(named)
    assert cure in row[1]


def test_secrets_are_not_shown() -> None:
    settings = Settings(_env_file=None, claude={"api_key": "sk-very-secret"})
    assert "sk-very-secret" not in repr(settings)


def test_the_stand_in_of_slack_tells_our_gateway_of_presses() -> None:
    ours = Settings(_env_file=None, gateway={"port": 8123})
    assert ours.slack_presses_url == "http://127.0.0.1:8123/api/flow/slack/interactions"
    told = Settings(_env_file=None, sandbox={"slack_presses_url": "http://127.0.0.1:1/x"})
    assert told.slack_presses_url == "http://127.0.0.1:1/x"
