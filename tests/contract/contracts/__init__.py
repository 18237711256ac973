"""The vendors' contracts, by which both sides of every call at the stand-ins are judged.

Each module beside this one exposes ``CONTRACTS``: from the name of an API at the stand-ins (as
faults and calls name it) to its ``Contract``. ``tests/contract/conftest.py`` finds them.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Protocol

from sandbox.calls import Exchange

SPECS = Path(__file__).parents[4] / "shared" / "specs"
"""Where the vendors' contracts lie beside a checkout; they are no part of the project."""


class Contract(Protocol):
    """What a vendor says about its API."""

    def is_here(self) -> bool:
        """Whether what it is read from lies beside this checkout, or comes with a package."""

    def violations(self, exchange: Exchange) -> Violations:
        """Say what of an exchange the contract doesn't allow."""


class Violations:
    """What is wrong with the request, and with the answer, in sentences."""

    def __init__(self, request: list[str], answer: list[str]) -> None:
        self.request = request
        self.answer = answer


def known_contracts() -> dict[str, Contract]:
    """Return all contracts, by the name of the API that they are of."""
    found: dict[str, Contract] = {}
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        found |= getattr(import_module(module.name), "CONTRACTS", {})
    return found
