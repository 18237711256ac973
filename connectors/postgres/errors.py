"""The error table of PostgreSQL by SQLSTATE, with cures for ops."""

from __future__ import annotations

from connectors._http.errors import (
    ConnectorError,
    Cures,
    ErrorTable,
    NeedsReauthError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)

TABLE: ErrorTable = {
    "08": TransientError,
    "25P03": TransientError,
    "28": NeedsReauthError,
    "3D000": ServiceNotFoundError,
    "40": TransientError,
    "42501": NeedsReauthError,
    "42P01": ServiceNotFoundError,
    "53": TransientError,
    "55P03": TransientError,
    "57": TransientError,
}
"""By SQLSTATE, or its first two digits, the class; all others say that the statement is wrong.

Source: PostgreSQL, appendix A, "PostgreSQL Error Codes".
"""

CURES: Cures = {
    TransientError: (
        "It is tried again; if it lasts, look at the server's log, and at its connections by "
        "`SELECT * FROM pg_stat_activity`."
    ),
    NeedsReauthError: (
        "Check user and password in HOTROD_POSTGRES__URL, and what is granted to that role."
    ),
    ServiceNotFoundError: "Check the names of database and table, and HOTROD_POSTGRES__URL.",
    RejectedError: "Correct the statement or the rows; trying again as it is won't help.",
    UnknownOutcomeError: "Look in the table whether the rows are there before writing them again.",
}


def classify_sqlstate(sqlstate: str) -> type[ConnectorError]:
    """Return the class of error for a code of five digits; nothing was done then."""
    return TABLE.get(sqlstate) or TABLE.get(sqlstate[:2]) or RejectedError
