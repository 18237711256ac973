"""The environment that each part of the stack is started with; the only way it is configured."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.engine import URL, make_url

from hotrod.db.engine import database_url
from hotrod.settings import ENV_PREFIX, Settings
from hotrod.stack.certificate import single_certificate
from hotrod.stack.secrets import Secrets, load_secrets

PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "SSL_CERT_FILE")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")


def machine_environment() -> dict[str, str]:
    """Return what every program gets of the machine's environment, which is little."""
    names = {*PASSED_ON, *PROXIES, *(name.lower() for name in PROXIES)}
    return {name: value for name, value in os.environ.items() if name in names}


def our_environment() -> dict[str, str]:
    """Return the settings that this process was given by its environment."""
    return {
        name: value for name, value in os.environ.items() if name.upper().startswith(ENV_PREFIX)
    }


@contextmanager
def only_settings(values: Mapping[str, object]) -> Iterator[None]:
    """Let these be the only settings in this process's environment for the block.

    Args:
        values: by the settings' names without the prefix, such as ``GATEWAY__PORT``.
    """
    before = our_environment()
    _replace_environment({ENV_PREFIX + name: str(value) for name, value in values.items()})
    try:
        yield
    finally:
        _replace_environment(before)


def _replace_environment(ours: Mapping[str, str]) -> None:
    for name in our_environment():
        del os.environ[name]
    os.environ.update(ours)


def part_environment(settings: Settings, secrets: Secrets) -> dict[str, str]:
    """Return the environment of our own programs: settings, made secrets, the way to Prefect."""
    return {
        **machine_environment(),
        **our_environment(),
        "PYTHONUNBUFFERED": "1",
        "HOTROD_HOME": str(settings.home),
        "HOTROD_SECRET_KEY": secrets.secret_key.get_secret_value(),
        **prefect_environment(settings, secrets),
    }


def prefect_environment(settings: Settings, secrets: Secrets) -> dict[str, str]:
    """Return the variables that lead a Prefect client to our server.

    Prefect reads them when it is imported. Clients build a TLS context even for ``http://``;
    with the system's certificates that takes 100 ms each time, with a single one nothing.
    """
    api_url = settings.prefect.api_url or f"http://127.0.0.1:{settings.prefect.port}/api"
    environment = {
        "PREFECT_HOME": str(settings.home / "prefect"),
        "PREFECT_API_URL": api_url,
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
        "PREFECT_LOGGING_LEVEL": "INFO",
        "PREFECT_LOGGING_INTERNAL_LEVEL": "ERROR",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "DO_NOT_TRACK": "1",
    }
    if _has_auth(settings):
        environment["PREFECT_API_AUTH_STRING"] = secrets.prefect_auth_string.get_secret_value()
    if api_url.startswith("http://"):
        environment["PREFECT_API_SSL_CERT_FILE"] = str(single_certificate(settings.home))
    return environment


def export_prefect_environment(settings: Settings) -> None:
    """Lead Prefect's client in this process to our server; call it before importing Prefect."""
    os.environ.update(prefect_environment(settings, load_secrets(settings)))


def prefect_server_environment(settings: Settings, secrets: Secrets) -> dict[str, str]:
    """Return the environment of our Prefect server."""
    root = f"http://127.0.0.1:{settings.prefect.port}"
    return {
        **machine_environment(),
        "PYTHONUNBUFFERED": "1",
        "PREFECT_HOME": str(settings.home / "prefect"),
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(settings.prefect.port),
        "PREFECT_SERVER_API_AUTH_STRING": secrets.prefect_auth_string.get_secret_value(),
        "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": ",".join(
            (root, root.replace("127.0.0.1", "localhost"))
        ),
        "PREFECT_SERVER_UI_API_URL": f"{root}/api",
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(settings.home / "prefect" / "ui"),
        # The second UI reports to Amplitude until somebody has logged in, settings or not.
        "PREFECT_SERVER_UI_V2_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": prefect_database_url(settings).render_as_string(
            hide_password=False
        ),
        # Connections beyond the pool would be opened and closed all the time, at great cost.
        "PREFECT_SERVER_DATABASE_SQLALCHEMY_POOL_SIZE": "15",
        "PREFECT_SERVER_DATABASE_SQLALCHEMY_MAX_OVERFLOW": "0",
        # One by one, what tasks report costs half of the server's time.
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT__SERVER_FINAL": "1",
        "DO_NOT_TRACK": "1",
    }


def prefect_database_url(settings: Settings) -> URL:
    """Return the SQLAlchemy URL of Prefect's database; the server's ``prefect`` by default."""
    if settings.prefect.database_url is not None:
        given = make_url(settings.prefect.database_url.get_secret_value())
        return given.set(drivername="postgresql+asyncpg")
    return database_url(settings).set(database="prefect")


def _has_auth(settings: Settings) -> bool:
    return settings.prefect.api_url is None or settings.prefect.auth_string is not None
