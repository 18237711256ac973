from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Any

import pytest

from hotrod.settings import Settings
from hotrod.stack.environment import (
    export_prefect_environment,
    machine_environment,
    prefect_database_url,
    prefect_environment,
    prefect_server_environment,
)
from hotrod.stack.secrets import load_secrets


def make(home: Path, **given: Any) -> Settings:
    return Settings(_env_file=None, home=home, **given)


def client(settings: Settings) -> dict[str, str]:
    return prefect_environment(settings, load_secrets(settings))


def test_little_of_the_machine_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "https://elsewhere.example.com/api")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("https_proxy", "http://proxy.example.com")
    found = machine_environment()
    assert found["PATH"] == os.environ["PATH"]
    assert found["https_proxy"] == "http://proxy.example.com"
    assert not found.keys() & {"PREFECT_API_URL", "AWS_SECRET_ACCESS_KEY"}


def test_client_and_server_agree(tmp_path: Path) -> None:
    settings = make(tmp_path, prefect={"port": 4999})
    server = prefect_server_environment(settings, load_secrets(settings))
    found = client(settings)
    assert found["PREFECT_API_URL"] == "http://127.0.0.1:4999/api"
    assert found["PREFECT_API_AUTH_STRING"] == server["PREFECT_SERVER_API_AUTH_STRING"]
    assert found["PREFECT_API_AUTH_STRING"].startswith("ops:")
    assert server["PREFECT_SERVER_API_PORT"] == "4999"


def test_the_server_is_closed_to_strangers(tmp_path: Path) -> None:
    settings = make(tmp_path, prefect={"port": 4999})
    server = prefect_server_environment(settings, load_secrets(settings))
    origins = server["PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS"].split(",")
    assert origins == ["http://127.0.0.1:4999", "http://localhost:4999"]
    assert server["PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED"] == "true"
    assert server["PREFECT_SERVER_API_HOST"] == "127.0.0.1"
    assert server["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"


def test_the_certificate_can_be_loaded_and_stays(tmp_path: Path) -> None:
    path = client(make(tmp_path))["PREFECT_API_SSL_CERT_FILE"]
    assert len(ssl.create_default_context(cafile=path).get_ca_certs()) <= 1
    content = Path(path).read_bytes()
    assert content.count(b"BEGIN CERTIFICATE") == 1
    assert client(make(tmp_path))["PREFECT_API_SSL_CERT_FILE"] == path
    assert Path(path).read_bytes() == content


def test_a_server_elsewhere_is_verified_and_gets_only_the_given_login(tmp_path: Path) -> None:
    url = "https://prefect.example.com/api"
    found = client(make(tmp_path, prefect={"api_url": url}))
    assert found["PREFECT_API_URL"] == url
    assert not found.keys() & {"PREFECT_API_SSL_CERT_FILE", "PREFECT_API_AUTH_STRING"}
    given = make(tmp_path, prefect={"api_url": url, "auth_string": "me:there"})
    assert client(given)["PREFECT_API_AUTH_STRING"] == "me:there"


def test_prefect_has_a_database_of_its_own(tmp_path: Path) -> None:
    def url(**given: Any) -> str:
        return prefect_database_url(make(tmp_path, **given)).render_as_string(hide_password=False)

    theirs = {"url": "postgresql://u:p@db.example.com/ours"}
    assert url().endswith(":5439/prefect")
    assert url(database=theirs) == "postgresql+asyncpg://u:p@db.example.com/prefect"
    own = {"database_url": "postgresql://u:p@db.example.com/theirs"}
    assert url(prefect=own) == "postgresql+asyncpg://u:p@db.example.com/theirs"


def test_export_leads_this_process_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = make(tmp_path, prefect={"port": 4999})
    for name in client(settings):
        monkeypatch.setenv(name, "before")
    export_prefect_environment(settings)
    assert {name: os.environ[name] for name in client(settings)} == client(settings)
