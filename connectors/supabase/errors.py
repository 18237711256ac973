"""The error table of Supabase by SQLSTATE, PGRST code and status, with cures for ops."""

from __future__ import annotations

import re
from typing import ClassVar

import httpx
from pydantic import BaseModel

from connectors._http.errors import (
    Cures,
    ErrorTable,
    NeedsReauthError,
    Problem,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)


class RolledBackError(TransientError):
    """The database undid the statement, for a reason that may pass; also of a write."""

    default_cure: ClassVar[str] = (
        "It is tried again; if it lasts, look in Supabase at Reports > Database for locks and "
        "slow statements."
    )


TABLE: ErrorTable = {
    "21000": RejectedError,
    "40001": RolledBackError,
    "40P01": RolledBackError,
    "42P17": RejectedError,
    "53300": RolledBackError,
    "55000": RejectedError,
    "55P03": RolledBackError,
    "57014": RolledBackError,
    "PGRST003": RolledBackError,
    "PGRST300": NeedsReauthError,
}
"""Codes whose status alone would mislead: PostgREST answers most of these with 500.

Source: https://docs.postgrest.org/en/v14/references/errors.html; PostgreSQL, appendix A.
"""

CURES: Cures = {
    NeedsReauthError: (
        "Copy the service role key from Project Settings > API Keys to HOTROD_SUPABASE__API_KEY, "
        "and check what is granted to that role."
    ),
    ServiceNotFoundError: (
        "Check the names of table and function, that their schema is exposed in Project Settings "
        "> Data API, and HOTROD_SUPABASE__BASE_URL."
    ),
    RejectedError: "Correct the rows or the filters; trying again as it is won't help.",
    UnknownOutcomeError: (
        "Look in the table whether the rows are there; an upsert may be repeated without harm."
    ),
}

MANAGEMENT_CURES: Cures = {
    NeedsReauthError: (
        "Make a personal access token at Account > Access Tokens that may read the project, and "
        "set HOTROD_SUPABASE__MANAGEMENT_TOKEN."
    ),
    ServiceNotFoundError: (
        "Check HOTROD_SUPABASE__PROJECT (its reference, 20 letters) and "
        "HOTROD_SUPABASE__MANAGEMENT_URL."
    ),
    RateLimitedError: (
        "It is tried again in a minute; if it lasts, find out who else uses the token: 120 calls "
        "a minute are allowed."
    ),
}

_NAMES_ONLY = re.compile(r"23|42|PGRST[023]")
"""Codes whose message names tables, columns and constraints, and never what rows hold."""


class _Fault(BaseModel):
    """PostgREST's error, GoTrue's (its ``code`` is the status), or the gateway's."""

    code: str | int = ""
    error_code: str = ""
    message: str = ""


def read_problem(response: httpx.Response) -> Problem:
    """Read the code, and the message where it can't hold what rows hold; never the details."""
    try:
        fault = _Fault.model_validate_json(response.content)
    except ValueError:
        return Problem()
    code = fault.code if isinstance(fault.code, str) else fault.error_code
    is_plain = not code or _NAMES_ONLY.match(code)
    return Problem(code, fault.message if is_plain else "")
