"""The credentials that the stand-ins accept; they open nothing else.

They are the values that ``hotrod.services.settings`` hands to the connectors.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client must show, by service."""

    tenant: str = "sandbox"
    client_id: str = "sandbox"
    client_secret: str = "sandbox-secret"  # noqa: S105
    smtp_username: str = "sandbox"
    smtp_password: str = "sandbox-secret"  # noqa: S105
    ews_username: str = "sandbox"
    ews_password: str = "sandbox-secret"  # noqa: S105
    claude_api_key: str = "sandbox-key"
    discord_webhook: str = "100000000000000001"
    discord_token: str = "sandbox-token"  # noqa: S105
    mailgun_domain: str = "mg.sandbox.example.com"
    mailgun_api_key: str = "sandbox-key"
    sendgrid_api_key: str = "sandbox-key"
    slack_token: str = "xoxb-sandbox"  # noqa: S105
    hubspot_token: str = "sandbox-token"  # noqa: S105
    hubspot_client_secret: str = "sandbox-secret"  # noqa: S105
    slack_signing_secret: str = "sandbox-secret"  # noqa: S105
    google_refresh_token: str = "sandbox-refresh"  # noqa: S105
    ebay_refresh_token: str = "sandbox-refresh"  # noqa: S105
    stripe_key: str = "sk_test_sandbox"
    stripe_webhook_secret: str = "whsec_sandbox"  # noqa: S105
    twilio_account: str = "AC" + "0" * 32
    twilio_auth_token: str = "sandbox-secret"  # noqa: S105
    twilio_number: str = "+16135550100"
    twilio_service: str = "MG" + "0" * 32
    unleashed_api_id: str = "sandbox"
    unleashed_api_key: str = "sandbox-key"
    anymailfinder_api_key: str = "sandbox-key"
    n8n_api_key: str = "sandbox-key"
    google_account: str = "owner@sandbox.example.com"
    supabase_api_key: str = "sandbox-key"
    supabase_management_token: str = "sandbox-token"  # noqa: S105
    s3_access_key_id: str = "sandbox"
    s3_secret_access_key: str = "sandbox-secret"  # noqa: S105


CREDENTIALS = Credentials()


def same(shown: str | bytes, expected: str) -> bool:
    """Compare in constant time, as the services do."""
    given = shown.encode() if isinstance(shown, str) else shown
    return hmac.compare_digest(given, expected.encode())
