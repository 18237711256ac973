"""Mailgun's contract of its API, of which we use "Send an email"."""

from __future__ import annotations

from typing import Any

from tests.contract.contracts.openapi import OpenApiContract
from tests.contract.contracts.refusals import TEXT, Wording, fields

OPERATION = "/v3/{domain_name}/messages"
FORM = "POST-v3-domain_name-messages-multipart-form-data-RequestBody"


def fit(spec: dict[str, Any]) -> None:
    """Keep the operation that we use, and let it be what Mailgun's is.

    A form without files may be URL-encoded (apprise sends it so), yes and no may be said in
    Python's words, and who isn't let in is answered by a bare word that is no JSON.
    """
    spec["paths"] = {OPERATION: spec["paths"][OPERATION]}
    operation = spec["paths"][OPERATION]["post"]
    content = operation["requestBody"]["content"]
    content["application/x-www-form-urlencoded"] = content["multipart/form-data"]
    operation["responses"]["401"]["content"] = {"text/plain": {"schema": {"type": "string"}}}
    for field in spec["components"]["schemas"][FORM]["properties"].values():
        if {"true", "false"} <= set(field.get("enum", [])):
            field["enum"] += ["True", "False"]


CONTRACTS = {
    "mailgun": OpenApiContract("mailgun/openapi.yaml", repair=fit, undescribed={404, 413, 503})
}
REFUSALS = {
    "mailgun": (
        Wording(
            source="Mailgun, API Reference, 'Authentication'",
            schema={"const": "Forbidden"},
            media_type="text/plain",
            read=bytes.decode,
            statuses={401},
        ),
        Wording(source="Mailgun, API Reference, 'Errors'", schema=fields({"message": TEXT})),
    )
}
