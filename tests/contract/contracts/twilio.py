"""Twilio's contract of the API 2010-04-01, as its helper libraries are made from it."""

from __future__ import annotations

from typing import Any

from tests.contract.contracts.openapi import OpenApiContract
from tests.contract.contracts.refusals import NUMBER, TEXT, Wording, fields

ACCOUNT = "AC" + "0" * 32


def fit(spec: dict[str, Any]) -> None:
    """Let the stand-in be the server of each path, and its account the one that is asked for.

    Lists lead on by ``uri``s that are no URIs (RFC 3986): they have no scheme, as in the
    document's own examples.
    """
    for path in spec["paths"].values():
        del path["servers"]
        parameters = [one for part in path.values() for one in _parameters(part)]
        for parameter in parameters:
            if parameter["name"] == "AccountSid":
                parameter["schema"] = {"type": "string", "enum": [ACCOUNT]}
        for field in _fields_of_lists(path):
            if field.get("format") == "uri":
                del field["format"]


def _parameters(part: object) -> list[dict[str, Any]]:
    return part.get("parameters", []) if isinstance(part, dict) else []


def _fields_of_lists(path: dict[str, Any]) -> list[dict[str, Any]]:
    content = path.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
    return [
        field
        for media in content.values()
        for field in media["schema"].get("properties", {}).values()
    ]


CONTRACTS = {
    "twilio": OpenApiContract(
        "twilio/twilio_api_v2010.messages-subset.json",
        repair=fit,
        undescribed={400, 401, 404, 409, 429, 500, 503},  # it describes no refusals
    )
}
REFUSALS = {
    "twilio": (
        Wording(
            source="Twilio, 'Twilio API responses', exceptions",
            schema=fields(
                {"code": NUMBER, "message": TEXT, "more_info": TEXT, "status": NUMBER},
                {"detail": TEXT},
            ),
            status_at=("status",),
        ),
    )
}
