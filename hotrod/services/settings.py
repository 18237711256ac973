"""The settings of outside services, and of the stand-ins that play them.

Each section says what it holds when a stand-in plays its service; the credentials of the
stand-ins open nothing else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from hotrod.sections import Port, Section
from hotrod.services.mail_settings import EwsSettings, GraphSettings, ImapSettings, SmtpSettings
from hotrod.services.section import NO_SECRET, SANDBOX_SECRET, Seconds, ServiceSection


class GoogleSettings(ServiceSection):
    """Google's APIs (Drive, Sheets, Gmail): an OAuth client, and what an owner granted it."""

    base_url: str = Field(
        "",
        description="Root of all of Google's APIs when something else plays them; empty: each "
        "at its own host.",
    )
    login_url: str = Field("https://oauth2.googleapis.com", description="Root of tokens.")
    client_id: str = Field("", description="OAuth client id, from the Cloud console.")
    client_secret: SecretStr = Field(NO_SECRET, description="OAuth client secret.")
    refresh_token: SecretStr = Field(
        NO_SECRET, description="What the owner of the files granted, once, to the client."
    )
    timeout_seconds: Seconds = Field(30.0, description="Longest wait for an answer.")

    @classmethod
    def played(cls, _root: str) -> dict[str, object]:
        """Return what the section holds when a stand-in plays Google."""
        return {
            "base_url": f"{_root}/google",
            "login_url": f"{_root}/google/oauth2",
            "client_id": "sandbox",
            "client_secret": SANDBOX_SECRET,
            "refresh_token": SecretStr("sandbox-refresh"),
        }


class HubSpotSettings(ServiceSection):
    """HubSpot: a private app with scopes for contacts, companies, deals and their schemas."""

    base_url: str = Field("https://api.hubapi.com", description="Root of the API.")
    access_token: SecretStr = Field(NO_SECRET, description="Token of the private app.")
    client_secret: SecretStr = Field(NO_SECRET, description="Signs the webhooks of the app.")
    calls_per_10_seconds: int = Field(
        100, ge=1, le=1000, description="Share of the account's limit that is ours."
    )
    timeout_seconds: Seconds = Field(30.0, description="Longest wait for an answer.")

    @classmethod
    def played(cls, _root: str) -> dict[str, object]:
        """Return what the section holds when a stand-in plays HubSpot."""
        return {
            "base_url": f"{_root}/hubspot",
            "access_token": SecretStr("sandbox-token"),
            "client_secret": SANDBOX_SECRET,
        }


class ClaudeSettings(ServiceSection):
    """Anthropic's Messages API. Without a key, diagnosis works by rules."""

    base_url: str = Field("https://api.anthropic.com", description="Root of the API.")
    api_key: SecretStr = Field(NO_SECRET, description="API key; empty: rules diagnose.")
    model: str = Field("claude-sonnet-4-6", description="Model that diagnoses.")
    max_output_tokens: int = Field(
        2000, ge=256, le=64_000, description="Longest answer, in tokens."
    )
    timeout_seconds: Seconds = Field(9.0, description="Longest wait for an answer.")
    daily_budget_cad: float = Field(
        20.0, ge=0, description="Spending per calendar day (UTC); past it, rules diagnose."
    )
    usd_to_cad: float = Field(1.40, gt=0, description="Rate that turns list prices into CAD.")

    @classmethod
    def played(cls, _root: str) -> dict[str, object]:
        """Return what the section holds when a stand-in plays Claude."""
        return {"base_url": f"{_root}/claude", "api_key": SecretStr("sandbox-key")}


class EbaySettings(ServiceSection):
    """eBay's Buy APIs: an application keyset, and a user's grant where bids may be made."""

    base_url: str = Field("https://api.ebay.com", description="Root of the APIs and of tokens.")
    order_url: str = Field("https://apix.ebay.com", description="Root of the Order API.")
    client_id: str = Field("", description="App ID of the keyset.")
    client_secret: SecretStr = Field(NO_SECRET, description="Cert ID of the keyset.")
    refresh_token: SecretStr = Field(
        NO_SECRET, description="A user's grant with buy.offer.auction; empty: no bids."
    )
    may_order: bool = Field(
        False, description="eBay has approved the application for guest checkout (Order API v2)."
    )
    widget_url: str = Field(
        "https://checkout.ebay.com/sdk/js", description="Script of the Checkout with eBay widget."
    )
    marketplace: str = Field("EBAY_CA", description="Marketplace that is searched.")
    calls_per_day: int = Field(5000, ge=1, description="Browse calls that eBay allows a day.")
    percent_for_sourcing: int = Field(
        20, ge=0, le=99, description="Percent of the calls that watches leave to parts sourcing."
    )
    timeout_seconds: Seconds = Field(20.0, description="Longest wait for an answer.")

    @classmethod
    def played(cls, _root: str) -> dict[str, object]:
        """Return what the section holds when a stand-in plays eBay."""
        return {
            "base_url": f"{_root}/ebay",
            "order_url": f"{_root}/ebay",
            "may_order": True,
            "widget_url": f"{_root}/ebay/checkout/sdk/js",
            "client_id": "sandbox",
            "client_secret": SANDBOX_SECRET,
            "refresh_token": SecretStr("sandbox-refresh"),
        }


class UnleashedSettings(ServiceSection):
    """Unleashed: the inventory of the shops."""

    base_url: str = Field("https://api.unleashedsoftware.com", description="Root of the API.")
    api_id: str = Field("", description="API id, from Integration > Unleashed API Access.")
    api_key: SecretStr = Field(NO_SECRET, description="API key that signs requests.")
    timeout_seconds: Seconds = Field(30.0, description="Longest wait for an answer.")

    @classmethod
    def played(cls, _root: str) -> dict[str, object]:
        """Return what the section holds when a stand-in plays Unleashed."""
        return {
            "base_url": f"{_root}/unleashed",
            "api_id": "sandbox",
            "api_key": SecretStr("sandbox-key"),
        }


class AnymailFinderSettings(ServiceSection):
    """Anymail Finder: finds and verifies mail addresses."""

    base_url: str = Field("https://api.anymailfinder.com", description="Root of the API.")
    api_key: SecretStr = Field(NO_SECRET, description="API key of the account.")
    timeout_seconds: Seconds = Field(
        90.0, description="Longest wait for an answer; a search may take a minute."
    )

    @classmethod
    def played(cls, _root: str) -> dict[str, object]:
        """Return what the section holds when a stand-in plays Anymail Finder."""
        return {"base_url": f"{_root}/anymailfinder", "api_key": SecretStr("sandbox-key")}


class N8nSettings(ServiceSection):
    """n8n: the workflows of the AI gateway."""

    base_url: str = Field("", description="Root of the instance, e.g. https://n8n.example.com.")
    api_key: SecretStr = Field(NO_SECRET, description="API key, from Settings > n8n API.")
    timeout_seconds: Seconds = Field(20.0, description="Longest wait for an answer.")

    @classmethod
    def played(cls, _root: str) -> dict[str, object]:
        """Return what the section holds when a stand-in plays n8n."""
        return {"base_url": f"{_root}/n8n", "api_key": SecretStr("sandbox-key")}


class SupabaseSettings(ServiceSection):
    """Supabase: the database of the music business, by PostgREST, and its health."""

    base_url: str = Field("", description="Root of the project, e.g. https://abc.supabase.co.")
    api_key: SecretStr = Field(NO_SECRET, description="Service role key of the project.")
    management_url: str = Field("https://api.supabase.com", description="Root of management.")
    management_token: SecretStr = Field(NO_SECRET, description="Personal access token.")
    project: str = Field("", description="Reference of the project, 20 letters.")
    timeout_seconds: Seconds = Field(15.0, description="Longest wait for an answer.")

    @classmethod
    def played(cls, _root: str) -> dict[str, object]:
        """Return what the section holds when a stand-in plays Supabase."""
        return {
            "base_url": f"{_root}/supabase",
            "api_key": SecretStr("sandbox-key"),
            "management_url": f"{_root}/supabase/management",
            "management_token": SecretStr("sandbox-token"),
            "project": "sandboxsandboxsandbo",
        }


class PostgresSettings(Section):
    """PostgreSQL of somebody else: the database of a shop that has no other interface."""

    url: SecretStr = Field(
        NO_SECRET, description="postgresql://user:password@host/name; empty: there is none."
    )
    timeout_seconds: Seconds = Field(15.0, description="Longest wait for a statement.")


class SlackSettings(ServiceSection):
    """Slack, for messages to technicians and ops. Without a token, none are sent."""

    base_url: str = Field("https://slack.com/api", description="Root of the Web API.")
    bot_token: SecretStr = Field(NO_SECRET, description="Bot token (xoxb-...), chat:write.")
    signing_secret: SecretStr = Field(
        NO_SECRET, description="Signs what Slack sends when a button is pressed."
    )
    channel: str = Field("#repairs", description="Channel for messages to the bench.")
    timeout_seconds: Seconds = Field(10.0, description="Longest wait for an answer.")

    @classmethod
    def played(cls, _root: str) -> dict[str, object]:
        """Return what the section holds when a stand-in plays Slack."""
        return {
            "base_url": f"{_root}/slack/api",
            "bot_token": SecretStr("xoxb-sandbox"),
            "signing_secret": SANDBOX_SECRET,
        }


class TwilioSettings(ServiceSection):
    """Twilio: text messages. Without an account, none are sent."""

    base_url: str = Field("https://api.twilio.com", description="Root of the API.")
    account_sid: str = Field("", description="Account SID (AC...).")
    auth_token: SecretStr = Field(NO_SECRET, description="Auth token; also signs callbacks.")
    sender: str = Field("", description="Number (E.164) or messaging service (MG...) that sends.")
    timeout_seconds: Seconds = Field(15.0, description="Longest wait for an answer.")

    @classmethod
    def played(cls, _root: str) -> dict[str, object]:
        """Return what the section holds when a stand-in plays Twilio."""
        return {
            "base_url": f"{_root}/twilio",
            "account_sid": "AC" + "0" * 32,
            "auth_token": SANDBOX_SECRET,
            "sender": "+16135550100",
        }


class StripeSettings(ServiceSection):
    """Stripe: payment of quotes and deposits. Without a key, there is none."""

    base_url: str = Field("https://api.stripe.com", description="Root of the API.")
    api_key: SecretStr = Field(NO_SECRET, description="Secret key (sk_... or rk_...).")
    webhook_secret: SecretStr = Field(NO_SECRET, description="Signs webhooks (whsec_...).")
    timeout_seconds: Seconds = Field(20.0, description="Longest wait for an answer.")

    @classmethod
    def played(cls, _root: str) -> dict[str, object]:
        """Return what the section holds when a stand-in plays Stripe."""
        return {
            "base_url": f"{_root}/stripe",
            "api_key": SecretStr("sk_test_sandbox"),
            "webhook_secret": SecretStr("whsec_sandbox"),
        }


class ChannelSettings(Section):
    """Further channels for messages, one line each, by apprise's URLs."""

    urls: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="Name to URL, as JSON, e.g. "
        '{"ops": "discord://webhook_id/webhook_token"}; see github.com/caronc/apprise.',
    )
    addresses: dict[str, str] = Field(
        default_factory=dict,
        description="Scheme to the root of its API, as JSON, e.g. "
        '{"discord": "http://127.0.0.1:8090/discord"}, for discord, mailgun, sendgrid and webpush; '
        "unset: the vendor's.",
    )
    timeout_seconds: Seconds = Field(15.0, description="Longest wait for a channel.")


PLAYED: dict[str, dict[str, type[ServiceSection]]] = {
    "mail": {
        "graph": GraphSettings,
        "ews": EwsSettings,
        "smtp": SmtpSettings,
        "imap": ImapSettings,
    },
    "google": {"google": GoogleSettings},
    "hubspot": {"hubspot": HubSpotSettings},
    "claude": {"claude": ClaudeSettings},
    "ebay": {"ebay": EbaySettings},
    "unleashed": {"unleashed": UnleashedSettings},
    "anymailfinder": {"anymailfinder": AnymailFinderSettings},
    "n8n": {"n8n": N8nSettings},
    "supabase": {"supabase": SupabaseSettings},
    "slack": {"slack": SlackSettings},
    "twilio": {"twilio": TwilioSettings},
    "stripe": {"stripe": StripeSettings},
}
"""The sections that each stand-in fills, by the name of the stand-in."""


class SandboxSettings(Section):
    """Stand-ins that speak the services' own protocols, for work without accounts."""

    services: Annotated[tuple[str, ...], NoDecode] = Field(
        tuple(PLAYED),
        description="Services played by stand-ins, comma separated; 'none': all are live. A "
        "service named here talks to its stand-in, unless its base_url or host is given.",
    )
    port: Port = Field(8090, description="HTTP port of the stand-ins, on loopback.")
    smtp_port: Port = Field(8025, description="SMTP port of the mail stand-in, on loopback.")
    imap_port: Port = Field(8143, description="IMAP port of the mail stand-in, on loopback.")
    journal: Path | None = Field(
        None,
        description="File that keeps the mails the mail stand-in has taken. Unset: they are "
        "forgotten when it ends.",
    )
    slack_presses_url: str = Field(
        "",
        description="Where the stand-in of Slack tells of pressed buttons, on this machine. "
        "Empty: the gateway of these settings.",
    )

    @model_validator(mode="before")
    @classmethod
    def _split_services(cls, data: object) -> object:
        if isinstance(data, dict) and isinstance(data.get("services"), str):
            names = [name.strip() for name in data["services"].split(",")]
            return {**data, "services": tuple(n for n in names if n and n != "none")}
        return data

    @field_validator("services")
    @classmethod
    def _are_played(cls, services: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in services if name not in PLAYED]
        if unknown:
            raise ValueError(f"no stand-in plays {', '.join(unknown)}; {', '.join(PLAYED)} do")
        return services

    @property
    def ports(self) -> dict[str, int]:
        """Ports of the protocols beside HTTP, by name."""
        return {"smtp": self.smtp_port, "imap": self.imap_port}
