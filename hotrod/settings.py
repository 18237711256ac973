"""Every setting of the system, in one typed tree.

Settings come from the environment (prefix ``HOTROD_``, ``__`` between levels) and from a
``.env`` file in the working directory; the environment wins. ``.env.example`` lists all of
them. Nothing else in the project reads the environment.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from dotenv import dotenv_values
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from hotrod.errors import SettingsError

Port = Annotated[int, Field(ge=1, le=65535)]
Service = Literal["mail", "claude", "slack"]

ENV_PREFIX = "HOTROD_"
NO_SUCH_SETTING = "there is no such setting; .env.example lists them all"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_assignment=True)


class DatabaseSettings(_Section):
    """PostgreSQL: embedded by default, or any server by URL."""

    url: SecretStr | None = Field(
        None,
        description="postgresql://user:password@host:port/name of our database. "
        "Unset: the embedded server under HOTROD_HOME is started and used.",
    )

    @field_validator("url")
    @classmethod
    def _is_postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        if url and not url.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("only PostgreSQL: write it like postgresql://user:password@host/name")
        return url

    port: Port = Field(5439, description="TCP port of the embedded server, on loopback.")
    pool_size: int = Field(
        20, ge=1, le=200, description="Connections kept open per process; twice as many at most."
    )
    statement_timeout_seconds: float = Field(
        30.0, gt=0, description="A statement that runs longer is cancelled by the server."
    )


class PrefectSettings(_Section):
    """The Prefect server that orchestrates the runs."""

    port: Port = Field(4200, description="Port of our own Prefect server, on loopback.")
    api_url: str | None = Field(
        None, description="API of a Prefect server run elsewhere. Unset: ours is started."
    )
    auth_string: SecretStr | None = Field(
        None,
        description="user:password that guards the Prefect API and UI. "
        "Unset: made once and kept in HOTROD_HOME/secrets.json.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="postgresql://... for Prefect's own data. Unset: the database "
        "'prefect' on the same PostgreSQL server as ours.",
    )
    work_pool: str = Field("hotrod", description="Name of the warm workers' work pool.")


class GatewaySettings(_Section):
    """The front door: HTTP API and customer pages."""

    port: Port = Field(8080, description="Port of the gateway, on loopback.")
    public_url: str | None = Field(
        None,
        description="How customers reach the gateway, e.g. https://repairs.example.com. "
        "Links in mails start with it. Unset: http://127.0.0.1:<port>.",
    )
    max_body_bytes: int = Field(
        15_000_000, ge=1024, description="A longer request body is refused with 413."
    )
    max_photos: int = Field(8, ge=0, le=50, description="Photos accepted with one request.")


class WorkerSettings(_Section):
    """The warm worker that runs the flows."""

    processes: int = Field(1, ge=1, le=32, description="Worker processes started by `hotrod up`.")
    poll_seconds: float = Field(
        1.0, gt=0, le=1.0, description="Longest wait before the inbox and Prefect are looked at."
    )
    claim_window: int = Field(
        8, ge=1, le=64, description="Deliveries and runs one worker holds at a time."
    )
    lease_seconds: float = Field(
        15.0,
        ge=2,
        le=300,
        description="A claimed delivery not renewed for this long is free again.",
    )
    max_attempts: int = Field(
        5, ge=1, le=50, description="Claims of one delivery before it becomes a dead letter."
    )


class ObjectSettings(_Section):
    """Where photos and files are kept."""

    url: str | None = Field(
        None,
        description="file:///path or s3://bucket/prefix. Unset: HOTROD_HOME/objects.",
    )
    max_photo_bytes: int = Field(10_000_000, ge=1024, description="Largest photo accepted.")
    max_photo_pixels: int = Field(
        50_000_000, ge=10_000, description="Largest photo accepted, width times height."
    )


class MailSettings(_Section):
    """How mail leaves: one transport for all mailboxes."""

    transport: Literal["graph", "smtp"] = Field(
        "graph", description="graph: Microsoft 365. smtp: any mail server."
    )
    timeout_seconds: float = Field(20.0, gt=0, description="Longest wait for the mail service.")
    filing_seconds: float = Field(
        15.0,
        ge=0,
        description="Longest time the mail service takes to file the sent copy of a mail; a mail "
        "whose fate is unknown is looked for again after it, and then sent.",
    )


class GraphSettings(_Section):
    """Microsoft Graph: an app registration with Mail.Send and Mail.ReadWrite."""

    base_url: str = Field("https://graph.microsoft.com/v1.0", description="Root of the API.")
    login_url: str = Field(
        "https://login.microsoftonline.com", description="Root of the token service."
    )
    tenant: str = Field("", description="Directory (tenant) id, from the app registration.")
    client_id: str = Field("", description="Application (client) id, from the app registration.")
    client_secret: SecretStr = Field(
        SecretStr(""), description="Client secret, from 'Certificates & secrets'."
    )


class SmtpSettings(_Section):
    """Any mail server that takes mail by SMTP submission (RFC 6409)."""

    host: str = Field("", description="Name or address of the server.")
    port: Port = Field(587, description="Submission port.")
    security: Literal["auto", "starttls", "tls", "none"] = Field(
        "auto",
        description="starttls: upgrade after connect, certificate verified. tls: from the first "
        "byte, verified. none: plain text. auto: starttls; on loopback, if the server offers it.",
    )
    username: str = Field("", description="Login name; empty: no login.")
    password: SecretStr = Field(SecretStr(""), description="Password of the login.")


class ClaudeSettings(_Section):
    """Anthropic's Messages API. Without a key, diagnosis works by rules."""

    base_url: str = Field("https://api.anthropic.com", description="Root of the API.")
    api_key: SecretStr = Field(SecretStr(""), description="API key; empty: rules diagnose.")
    model: str = Field("claude-sonnet-4-6", description="Model that diagnoses.")
    max_output_tokens: int = Field(
        2000, ge=256, le=64_000, description="Longest answer, in tokens."
    )
    timeout_seconds: float = Field(9.0, gt=0, description="Longest wait for an answer.")
    daily_budget_cad: float = Field(
        20.0, ge=0, description="Spending per calendar day (UTC); past it, rules diagnose."
    )
    usd_to_cad: float = Field(1.40, gt=0, description="Rate that turns list prices into CAD.")
    input_usd_per_million: float = Field(3.0, ge=0, description="List price of input tokens.")
    output_usd_per_million: float = Field(15.0, ge=0, description="List price of output tokens.")


class SlackSettings(_Section):
    """Slack, for messages to technicians and ops. Without a token, none are sent."""

    base_url: str = Field("https://slack.com/api", description="Root of the Web API.")
    bot_token: SecretStr = Field(SecretStr(""), description="Bot token (xoxb-...), chat:write.")
    channel: str = Field("#repairs", description="Channel for messages to the bench.")
    timeout_seconds: float = Field(10.0, gt=0, description="Longest wait for an answer.")


class SandboxSettings(_Section):
    """Stand-ins that speak the services' own protocols, for work without accounts."""

    services: Annotated[tuple[Service, ...], NoDecode] = Field(
        ("mail", "claude", "slack"),
        description="Services played by stand-ins, comma separated; 'none': all are live. A "
        "service named here talks to its stand-in, unless its base_url or host is given.",
    )
    port: Port = Field(8090, description="HTTP port of the stand-ins, on loopback.")
    smtp_port: Port = Field(8025, description="SMTP port of the mail stand-in, on loopback.")

    @model_validator(mode="before")
    @classmethod
    def _split_services(cls, data: object) -> object:
        if isinstance(data, dict) and isinstance(data.get("services"), str):
            names = [name.strip() for name in data["services"].split(",")]
            return {**data, "services": tuple(n for n in names if n and n != "none")}
        return data


class Settings(BaseSettings):
    """The root of the tree; see the sections for what each setting means."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        validate_assignment=True,
    )

    home: Path = Field(
        Path(".hotrod"), description="Folder for data, logs and state of the embedded parts."
    )
    company_file: Path | None = Field(
        None, description="The company as TOML. Unset: the shipped sample company."
    )
    secret_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Signs customers' links. Unset: made once and kept in "
        "HOTROD_HOME/secrets.json. Changing it voids all links sent.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe log entry that is written."
    )
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    prefect: PrefectSettings = Field(default_factory=PrefectSettings)
    gateway: GatewaySettings = Field(default_factory=GatewaySettings)
    worker: WorkerSettings = Field(default_factory=WorkerSettings)
    objects: ObjectSettings = Field(default_factory=ObjectSettings)
    mail: MailSettings = Field(default_factory=MailSettings)
    graph: GraphSettings = Field(default_factory=GraphSettings)
    smtp: SmtpSettings = Field(default_factory=SmtpSettings)
    claude: ClaudeSettings = Field(default_factory=ClaudeSettings)
    slack: SlackSettings = Field(default_factory=SlackSettings)
    sandbox: SandboxSettings = Field(default_factory=SandboxSettings)

    @model_validator(mode="after")
    def _resolve(self) -> Self:
        """Make paths absolute, and point what the stand-ins play at the stand-ins."""
        object.__setattr__(self, "home", self.home.expanduser().absolute())
        for section, values in stand_in_values(self.sandbox).items():
            target = getattr(self, section)
            if not target.model_fields_set & {"base_url", "host"}:
                for name in values.keys() - target.model_fields_set:
                    setattr(target, name, values[name])
        return self

    @model_validator(mode="after")
    def _live_services_have_credentials(self) -> Self:
        missing: list[str] = []
        if self.mail.transport == "graph":
            missing += [
                f"HOTROD_GRAPH__{name.upper()}"
                for name in ("tenant", "client_id")
                if not getattr(self.graph, name)
            ]
            if not self.graph.client_secret.get_secret_value():
                missing.append("HOTROD_GRAPH__CLIENT_SECRET")
        elif not self.smtp.host:
            missing.append("HOTROD_SMTP__HOST")
        if missing:
            reason = (
                f"mail is live by {self.mail.transport}, but {', '.join(missing)} is not set; "
                "set it, or add 'mail' to HOTROD_SANDBOX__SERVICES"
            )
            raise ValueError(reason)
        return self

    @property
    def mail_is_played(self) -> bool:
        """Whether mail goes to the stand-in, and not to a server that the settings name."""
        if self.mail.transport == "graph":
            return self.graph.base_url.startswith(f"{self.sandbox_url}/")
        return (self.smtp.host, self.smtp.port) == ("127.0.0.1", self.sandbox.smtp_port)

    @property
    def public_url(self) -> str:
        """Root of the links that customers see, without a trailing slash."""
        return (self.gateway.public_url or f"http://127.0.0.1:{self.gateway.port}").rstrip("/")

    @property
    def prefect_url(self) -> str:
        """Root of the Prefect server (UI), without ``/api``."""
        api_url = self.prefect.api_url or f"http://127.0.0.1:{self.prefect.port}/api"
        return api_url.rstrip("/").removesuffix("/api")

    @property
    def sandbox_url(self) -> str:
        """Root of the stand-ins' pages and APIs."""
        return f"http://127.0.0.1:{self.sandbox.port}"


def stand_in_values(sandbox: SandboxSettings) -> dict[str, dict[str, object]]:
    """What each settings section holds when a stand-in plays its service.

    The credentials are the ones that the stand-ins ask for; they open nothing else.
    """
    root = f"http://127.0.0.1:{sandbox.port}"
    played: dict[Service, dict[str, dict[str, object]]] = {
        "mail": {
            "graph": {
                "base_url": f"{root}/graph/v1.0",
                "login_url": f"{root}/graph/login",
                "tenant": "sandbox",
                "client_id": "sandbox",
                "client_secret": SecretStr("sandbox-secret"),
            },
            "smtp": {
                "host": "127.0.0.1",
                "port": sandbox.smtp_port,
                "username": "sandbox",
                "password": SecretStr("sandbox-secret"),
            },
        },
        "claude": {"claude": {"base_url": f"{root}/claude", "api_key": SecretStr("sandbox-key")}},
        "slack": {
            "slack": {"base_url": f"{root}/slack/api", "bot_token": SecretStr("xoxb-sandbox")}
        },
    }
    values: dict[str, dict[str, object]] = {}
    for service in sandbox.services:
        values.update(played[service])
    return values


def load_settings() -> Settings:
    """Read and check all settings.

    Raises:
        SettingsError: with a row per wrong setting: its name, what is wrong, what it is for.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        raise SettingsError([(_name(row), _plain(row)) for row in error.errors()]) from None
    known = {ENV_PREFIX + name.upper() for name in Settings.model_fields}
    unknown = [
        name
        for name in {*os.environ, *dotenv_values(".env")}
        if name.startswith(ENV_PREFIX) and name.split("__")[0].upper() not in known
    ]
    if unknown:
        raise SettingsError([(name, NO_SUCH_SETTING) for name in unknown])
    return settings


def _name(row: ErrorDetails) -> str:
    path = "__".join(str(part).upper() for part in row["loc"])
    return f"{ENV_PREFIX}{path}" if path else "settings"


def _plain(row: ErrorDetails) -> str:
    if row["type"] == "extra_forbidden":
        return NO_SUCH_SETTING
    return row["msg"].removeprefix("Value error, ")


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the settings of this process, read once."""
    return load_settings()
