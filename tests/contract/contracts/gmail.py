"""Gmail's contract."""

from __future__ import annotations

from tests.contract.contracts import SPECS
from tests.contract.contracts.discovery import DiscoveryContract
from tests.contract.contracts.google import REFUSAL

CONTRACTS = {"gmail": DiscoveryContract(SPECS / "google" / "gmail.v1.json", base="/gmail")}
REFUSALS = {"gmail": (REFUSAL,)}
