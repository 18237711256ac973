"""Which vendors' contracts judge this run: one that is missing is named, not passed over."""

from __future__ import annotations

import pytest

from sandbox.calls import Exchange
from tests.contract.contracts import SPECS, Contract, known_contracts
from tests.contract.contracts.openapi import OpenApiContract, RoutedContract

NONSENSE = Exchange(
    service="nobody",
    method="POST",
    path="/nowhere",
    query="",
    headers=[("content-type", "application/json")],
    body=b"[[",
    status=418,
    answer_headers=[("content-type", "application/json")],
    answer_body=b"{}",
)


@pytest.mark.parametrize(("name", "contract"), known_contracts().items())
def test_a_contract_that_is_here_objects_to_nonsense(name: str, contract: Contract) -> None:
    if not SPECS.is_dir():
        pytest.skip(f"not checked: no vendors' contracts lie beside this checkout, as {name}'s")
    assert contract.is_here(), f"{SPECS} lacks the contract of {name}"

    found = contract.violations(NONSENSE)

    assert found.request + found.answer


def test_a_path_that_no_contract_covers_is_a_violation() -> None:
    contract = RoutedContract(
        {"/v1": OpenApiContract("nowhere.json")}, unchecked={"/token": "OAuth, by RFC 6749"}
    )

    def judged(path: str) -> list[str]:
        return contract.violations(NONSENSE.model_copy(update={"path": path})).request

    assert judged("/token") == []
    assert judged("/v2/things") == ["no contract covers /v2/things"]
