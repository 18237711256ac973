from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from hotrod.company.models import Brand
from hotrod.mail.contexts import AcknowledgementContext, ReminderContext
from hotrod.repairs.models import Route

COMMON: dict[str, Any] = {
    "brand": Brand(display_name="NOIZYLAB Repairs"),
    "ticket": "NL-1042",
    "title": "Device: repair",
    "customer_name": "Maya Tremblay",
    "reply_address": "repairs@noizylab.example.com",
    "status_url": "https://repairs.example.com/r/token",
    "zone": ZoneInfo("America/Toronto"),
}


def test_spam_is_not_answered() -> None:
    with pytest.raises(ValidationError, match="spam is not answered"):
        AcknowledgementContext(**COMMON, route=Route.SPAM)


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "/r/token", "https://", "https://x.example.com/a b", "https://e\n"],
)
def test_links_must_be_web_addresses(url: str) -> None:
    with pytest.raises(ValidationError):
        AcknowledgementContext(**(COMMON | {"status_url": url}))


def test_a_moment_without_time_zone_is_refused() -> None:
    naive = {
        "total": Decimal("189.84"),
        "currency": "CAD",
        "approve_url": "https://repairs.example.com/q/token",
        "decline_url": "https://repairs.example.com/q/token",
        "expires_at": datetime(2026, 12, 4),  # noqa: DTZ001 - the point
    }
    with pytest.raises(ValidationError):
        ReminderContext(**COMMON, **naive)
