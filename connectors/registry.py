"""The connectors that there are, by name; nothing is imported until it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import yaml

RULES = (
    "ping",
    "timeouts",
    "paging",
    "rate_limit",
    "error_table",
    "redaction",
    "stand_in",
    "contract_test",
    "docs",
)
"""What each connector is graded by; ``connectors/__init__.py`` says what is asked for."""


@dataclass(frozen=True)
class Connector:
    """A folder beside this file, and the classes in it that talk to its service.

    Args:
        name: name of the folder.
        title: the service's own name.
        clients: ``module:class`` below the folder, one for each way to reach the service.
        sections: of the settings that are about it.
        stand_in: who plays its service, where that isn't a stand-in of the same name.
    """

    name: str
    title: str
    clients: tuple[str, ...]
    sections: tuple[str, ...]
    stand_in: str = ""

    @property
    def played_by(self) -> str:
        """The stand-in that plays its service, as HOTROD_SANDBOX__SERVICES names it."""
        return self.stand_in or self.name

    @property
    def quality_file(self) -> Path:
        """Where its grades are kept."""
        return Path(__file__).with_name(self.name) / "quality.yaml"

    def grades(self) -> dict[str, str]:
        """Return its grade by each rule: ``done``, ``todo``, or ``exempt: reason``."""
        found: dict[str, str] = yaml.safe_load(self.quality_file.read_text(encoding="utf-8"))
        return found

    def load(self) -> tuple[type, ...]:
        """Import its classes."""
        found = []
        for client in self.clients:
            module, _, name = client.partition(":")
            found.append(getattr(import_module(f"connectors.{self.name}.{module}"), name))
        return tuple(found)


CONNECTORS = (
    Connector(
        "mail",
        "Mail",
        ("graph:GraphMail", "ews:EwsMail", "gmail:GmailMail", "smtp:SmtpMail"),
        ("mail", "graph", "ews", "google", "smtp", "imap"),
    ),
    Connector("gdrive", "Google Drive", ("client:DriveClient",), ("google",), stand_in="google"),
    Connector("gsheets", "Google Sheets", ("client:SheetsClient",), ("google",), stand_in="google"),
    Connector("hubspot", "HubSpot", ("client:HubSpotClient",), ("hubspot",)),
    Connector("claude", "Anthropic Claude", ("client:ClaudeClient",), ("claude",)),
    Connector(
        "ebay", "eBay", ("client:EbayClient", "bids:EbayBids", "orders:EbayOrders"), ("ebay",)
    ),
    Connector("unleashed", "Unleashed", ("client:UnleashedClient",), ("unleashed",)),
    Connector(
        "anymailfinder", "Anymail Finder", ("client:AnymailFinderClient",), ("anymailfinder",)
    ),
    Connector("n8n", "n8n", ("client:N8nClient",), ("n8n",)),
    Connector(
        "supabase",
        "Supabase",
        ("client:SupabaseClient", "management:SupabaseManagement"),
        ("supabase",),
    ),
    Connector("objects", "Object storage", ("client:ObjectsClient",), ("objects",)),
    Connector("postgres", "PostgreSQL", ("client:PostgresClient",), ("postgres",)),
    Connector("slack", "Slack", ("client:SlackClient",), ("slack",)),
    Connector("channels", "Further channels", ("client:ApprisePoster",), ("channels",)),
    Connector("twilio", "Twilio", ("client:TwilioClient",), ("twilio",)),
    Connector("stripe", "Stripe", ("client:StripeClient",), ("stripe",)),
)
