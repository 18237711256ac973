"""The vendors' contracts, by which both sides of every call at the stand-ins are judged.

Each module of a vendor beside this one exposes ``CONTRACTS``: from the name of an API at the
stand-ins (as faults and calls name it) to its ``Contract``; and ``REFUSALS``: to how it words
refusals, which hardly any contract says. ``tests/contract/conftest.py`` finds them.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from sandbox.calls import Exchange
from tests.contract.contracts.refusals import Refusals

SPECS = Path(__file__).parents[4] / "shared" / "specs"
"""Where the vendors' contracts lie beside a checkout; they are no part of the project."""


def are_here(*files: Path) -> bool:
    """Whether the files that a contract is read from lie beside this checkout.

    All contracts may be missing, but not some of them.

    Raises:
        FileNotFoundError: others are there.
    """
    missing = [str(file) for file in files if not file.is_file()]
    if missing and SPECS.is_dir():
        raise FileNotFoundError(f"{SPECS} lacks {', '.join(missing)}")
    return not missing


class Contract(Protocol):
    """What a vendor says about its API."""

    def is_here(self) -> bool:
        """Whether what it is read from lies beside this checkout, or comes with a package.

        Raises:
            FileNotFoundError: it doesn't, but other contracts do.
        """

    def violations(self, exchange: Exchange) -> Violations:
        """Say what of an exchange the contract doesn't allow."""


class Violations:
    """What is wrong with the request, and with the answer, in sentences."""

    def __init__(self, request: list[str], answer: list[str]) -> None:
        self.request = request
        self.answer = answer


def known_contracts() -> dict[str, Contract]:
    """Return all contracts, by the name of the API that they are of."""
    return _collected("CONTRACTS")


@cache
def known_refusals() -> dict[str, Refusals]:
    """Return how refusals are worded, by the name of the API."""
    return _collected("REFUSALS")


def _collected(name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        found |= getattr(import_module(module.name), name, {})
    return found
