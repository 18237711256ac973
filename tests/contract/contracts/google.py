"""Google's contracts: Drive's lies beside this checkout, that of Sheets comes with the library."""

from __future__ import annotations

from pathlib import Path

import googleapiclient.discovery_cache

from sandbox.calls import Exchange
from tests.contract.contracts import SPECS, Violations
from tests.contract.contracts.discovery import DiscoveryContract
from tests.contract.contracts.refusals import (
    NUMBER,
    OAUTH,
    TEXT,
    Wording,
    fields,
    many,
    one_of,
)

SHIPPED = Path(googleapiclient.discovery_cache.__file__).parent / "documents"
"""The documents that come with Google's library."""

DRIVE = DiscoveryContract(SPECS / "google" / "drive.v3.json")
SHEETS = DiscoveryContract(SHIPPED / "sheets.v4.json")
UNCHECKED = {"/oauth2/token": "Google describes its OAuth in words only"}
"""From paths that no document covers to the reasons."""


class GoogleContract:
    """The documents of several APIs, by a part of the path."""

    def __init__(self, **documents: DiscoveryContract) -> None:
        self._documents = documents

    def is_here(self) -> bool:
        """Whether all of them are here."""
        return all(document.is_here() for document in self._documents.values())

    def violations(self, exchange: Exchange) -> Violations:
        """Say what of an exchange isn't allowed."""
        if exchange.path in UNCHECKED:
            return Violations([], [])
        for part, document in self._documents.items():
            if f"/{part}/" in f"{exchange.path}/":
                return document.violations(exchange)
        return Violations([f"no contract covers {exchange.path}"], [])


CONTRACTS = {"google": GoogleContract(drive=DRIVE, spreadsheets=SHEETS)}

TOLD = {"code": NUMBER, "message": TEXT}
OLDER = fields(
    {
        **TOLD,
        "errors": many(
            fields(
                {"domain": TEXT, "reason": TEXT, "message": TEXT},
                {"locationType": one_of("header", "parameter"), "location": TEXT},
            )
        ),
    },
    {"status": TEXT},
)
NEWER = fields(
    {**TOLD, "status": TEXT},
    {"details": many({"type": "object", "required": ["@type"]})},
)
REFUSAL = Wording(
    source="Drive and Gmail API, 'Resolve errors'; of newer APIs 'google.rpc.Status'",
    schema=fields({"error": {"anyOf": [OLDER, NEWER]}}),
    status_at=("error", "code"),
)
REFUSALS = {
    "google": (
        Wording(source="Google OAuth 2.0, by RFC 6749, 5.2", schema=OAUTH, path="/oauth2/token"),
        REFUSAL,
    )
}
