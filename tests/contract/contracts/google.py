"""Google's contracts: Drive's lies beside this checkout, that of Sheets comes with the library."""

from __future__ import annotations

from tests.contract.contracts import SPECS
from tests.contract.contracts.discovery import SHIPPED, DiscoveryContract, PathsContract

DRIVE = DiscoveryContract(SPECS / "google" / "drive.v3.json")
SHEETS = DiscoveryContract(SHIPPED / "sheets.v4.json")

CONTRACTS = {
    "google": PathsContract(
        {"/drive/v3/": DRIVE, "/upload/drive/v3/": DRIVE, "/v4/spreadsheets": SHEETS}
    )
}
