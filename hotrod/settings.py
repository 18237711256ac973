"""Every setting of the system, in one typed tree.

Settings come from the environment (prefix ``HOTROD_``, ``__`` between levels) and from a
``.env`` file in the working directory; the environment wins. ``.env.example`` lists all of
them. Nothing else in the project reads the environment.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from hotrod.errors import SettingsError
from hotrod.forecast.settings import ForecastSettings
from hotrod.sections import (
    DatabaseSettings,
    GatewaySettings,
    InboxSettings,
    ObjectSettings,
    PrefectSettings,
    WorkerSettings,
)
from hotrod.services.mail_settings import (
    EwsSettings,
    GraphSettings,
    ImapSettings,
    MailSettings,
    SmtpSettings,
)
from hotrod.services.settings import (
    PLAYED,
    AnymailFinderSettings,
    ChannelSettings,
    ClaudeSettings,
    EbaySettings,
    GoogleSettings,
    HubSpotSettings,
    N8nSettings,
    PostgresSettings,
    SandboxSettings,
    SlackSettings,
    StripeSettings,
    SupabaseSettings,
    TwilioSettings,
    UnleashedSettings,
)

ENV_PREFIX = "HOTROD_"
_CONNECTIONS_BESIDE = 4  # two urgent runs, a claim, the leases
_NEEDED: dict[str, dict[str, tuple[str, ...]]] = {
    "graph": {"graph": ("tenant", "client_id", "client_secret")},
    "ews": {"ews": ("base_url", "username", "password")},
    "smtp": {"smtp": ("host",)},
    "gmail": {"google": ("client_id", "client_secret", "refresh_token")},
}
"""What a live transport of mail can't do without."""
NO_SUCH_SETTING = "there is no such setting; .env.example lists them all"


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
    inbox: InboxSettings = Field(default_factory=InboxSettings)
    worker: WorkerSettings = Field(default_factory=WorkerSettings)
    objects: ObjectSettings = Field(default_factory=ObjectSettings)
    forecast: ForecastSettings = Field(default_factory=ForecastSettings)
    mail: MailSettings = Field(default_factory=MailSettings)
    graph: GraphSettings = Field(default_factory=GraphSettings)
    ews: EwsSettings = Field(default_factory=EwsSettings)
    smtp: SmtpSettings = Field(default_factory=SmtpSettings)
    imap: ImapSettings = Field(default_factory=ImapSettings)
    google: GoogleSettings = Field(default_factory=GoogleSettings)
    hubspot: HubSpotSettings = Field(default_factory=HubSpotSettings)
    claude: ClaudeSettings = Field(default_factory=ClaudeSettings)
    ebay: EbaySettings = Field(default_factory=EbaySettings)
    unleashed: UnleashedSettings = Field(default_factory=UnleashedSettings)
    anymailfinder: AnymailFinderSettings = Field(default_factory=AnymailFinderSettings)
    n8n: N8nSettings = Field(default_factory=N8nSettings)
    supabase: SupabaseSettings = Field(default_factory=SupabaseSettings)
    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
    slack: SlackSettings = Field(default_factory=SlackSettings)
    twilio: TwilioSettings = Field(default_factory=TwilioSettings)
    stripe: StripeSettings = Field(default_factory=StripeSettings)
    channels: ChannelSettings = Field(default_factory=ChannelSettings)
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
    def _the_pool_is_large_enough(self) -> Self:
        """Each run and each response may hold a connection; claims and leases need some, too."""
        needed = self.worker.claim_window + self.worker.response_window + _CONNECTIONS_BESIDE
        if self.database.pool_size < needed:
            reason = (
                f"HOTROD_DATABASE__POOL_SIZE is {self.database.pool_size}; with these windows of "
                f"the worker it must be {needed} or more"
            )
            raise ValueError(reason)
        return self

    @model_validator(mode="after")
    def _live_services_have_credentials(self) -> Self:
        missing = [
            f"HOTROD_{section.upper()}__{name.upper()}"
            for section, names in _NEEDED[self.mail.transport].items()
            for name in names
            if not _text(getattr(getattr(self, section), name))
        ]
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
        match self.mail.transport:
            case "smtp":
                return (self.smtp.host, self.smtp.port) == ("127.0.0.1", self.sandbox.smtp_port)
            case "gmail":
                return self.google.base_url.startswith(f"{self.sandbox_url}/")
            case other:
                return str(getattr(self, other).base_url).startswith(f"{self.sandbox_url}/")

    @property
    def objects_url(self) -> str:
        """Where photos and files are kept."""
        return self.objects.url or (self.home / "objects").as_uri()

    @property
    def public_url(self) -> str:
        """Root of the links that customers see, without a trailing slash."""
        return (self.gateway.public_url or f"http://127.0.0.1:{self.gateway.port}").rstrip("/")

    @property
    def slack_presses_url(self) -> str:
        """Where the stand-in of Slack tells of pressed buttons: by default, our gateway."""
        usual = f"http://127.0.0.1:{self.gateway.port}/api/flow/slack/interactions"
        return self.sandbox.slack_presses_url or usual

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
    """What each settings section holds when a stand-in plays its service."""
    root = f"http://127.0.0.1:{sandbox.port}"
    values = {
        section: kind.played(root)
        for service in sandbox.services
        for section, kind in PLAYED[service].items()
    }
    for section in values.keys() & sandbox.ports.keys():
        values[section]["port"] = sandbox.ports[section]
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


def _text(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


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
