"""Anthropic's contract, as its SDKs are made from it."""

from __future__ import annotations

from tests.contract.contracts.openapi import UNDESCRIBED, OpenApiContract

CONTRACTS = {
    "claude": OpenApiContract(
        "anthropic/openapi.messages-subset.yaml", undescribed=UNDESCRIBED | {529}
    )
}
