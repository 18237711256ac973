"""The error table of Sheets, with cures for ops.

Source: Sheets API, "Troubleshoot errors"; ``google.rpc.Code``.
"""

from __future__ import annotations

from connectors._http.errors import Cures, ErrorTable, RejectedError, UnknownOutcomeError
from connectors._http.google import GOOGLE_CURES, GOOGLE_TABLE

TABLE: ErrorTable = {**GOOGLE_TABLE, "FAILED_PRECONDITION": RejectedError}

CURES: Cures = {
    **GOOGLE_CURES,
    RejectedError: (
        "Check in the spreadsheet that the sheet has the title and the header row that the "
        "settings name, and is not protected."
    ),
    UnknownOutcomeError: "Look in the spreadsheet whether the rows are there.",
}
