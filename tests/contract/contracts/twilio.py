"""Twilio's contract of the API 2010-04-01, as its helper libraries are made from it."""

from __future__ import annotations

from typing import Any

from tests.contract.contracts.openapi import UNDESCRIBED, OpenApiContract

ACCOUNT = "AC" + "0" * 32


def fit(spec: dict[str, Any]) -> None:
    """Let the stand-in be the server of each path, and its account the one that is asked for."""
    for path in spec["paths"].values():
        del path["servers"]
        parameters = [one for part in path.values() for one in _parameters(part)]
        for parameter in parameters:
            if parameter["name"] == "AccountSid":
                parameter["schema"] = {"type": "string", "enum": [ACCOUNT]}


def _parameters(part: object) -> list[dict[str, Any]]:
    return part.get("parameters", []) if isinstance(part, dict) else []


CONTRACTS = {
    "twilio": OpenApiContract(
        "twilio/twilio_api_v2010.messages-subset.json",
        repair=fit,
        undescribed=UNDESCRIBED | {400, 409},  # it describes no refusals
    )
}
