"""Repair requests as customers write them, by number: the same number and seed, the same words."""

from __future__ import annotations

import random
from typing import Any

_NAMES = ("Amélie Roy", "Jordan Lee", "Priya Shah", "Tom Okafor", "Chloé Bouchard", "Sam Park")
_DEVICES = (
    (
        "console",
        "Sony",
        "PlayStation 5",
        "No picture on any TV since the cable was pulled out; the HDMI port looks bent.",
    ),
    (
        "console",
        "Nintendo",
        "Switch OLED",
        "It does not charge any more, in the dock or with the cable. The USB-C port is loose.",
    ),
    (
        "laptop",
        "Apple",
        "MacBook Pro 14",
        "The screen stays black after a fall from the table, an external display works.",
    ),
    (
        "laptop",
        "Lenovo",
        "ThinkPad T14",
        "Several keys in the middle of the keyboard no longer type anything.",
    ),
    (
        "phone",
        "Samsung",
        "Galaxy S23",
        "The glass is cracked from corner to corner and touch reacts only in the upper half.",
    ),
    (
        "phone",
        "Apple",
        "iPhone 14",
        "The battery lasts two hours and the phone shuts down at 30 percent since last month.",
    ),
    (
        "audio",
        "Yamaha",
        "A-S501",
        "The left channel is silent on both speaker outputs, headphones play both sides.",
    ),
    (
        "controller",
        "Sony",
        "DualSense",
        "The left stick drifts upward in every game, cleaning it did not help.",
    ),
)


def repair_request(number: int, *, seed: int = 0, urgent: bool = False) -> dict[str, Any]:
    """Return the body of a request to ``POST /api/flow/repair/new``.

    Args:
        number: of the request; its customer is ``bench-<number>@example.com``.
        seed: another one gives other devices and problems.
        urgent: whether it is in a rush.
    """
    chance = random.Random(f"{seed}:{number}")  # noqa: S311 - reproducible, no secret
    device_type, brand, model, problem = chance.choice(_DEVICES)
    return {
        "customer_name": chance.choice(_NAMES),
        "customer_email": customer_email(number),
        "device_type": device_type,
        "brand": brand,
        "model": model,
        "problem": problem,
        "urgency": "rush" if urgent else "normal",
    }


def customer_email(number: int) -> str:
    """Return the address of the customer who sends this request."""
    return f"bench-{number}@example.com"
