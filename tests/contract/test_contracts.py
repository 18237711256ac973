"""Which vendors' contracts judge this run: none that is missing is passed over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.calls import Exchange
from sandbox.registry import STAND_INS
from tests.contract.contracts import Contract, known_contracts, known_refusals
from tests.contract.contracts.openapi import OpenApiContract, RoutedContract
from tests.contract.contracts.refusals import Wording, wrong_refusal

NONSENSE = Exchange(
    service="nobody",
    method="POST",
    path="/nowhere",
    query="",
    headers=[("content-type", "application/json")],
    body=b"[[",
    status=200,
    answer_headers=[("content-type", "application/json")],
    answer_body=b'{"object": "nonsense"}',
)
NEED_NO_FILE = {
    "hubspot": "its models come with the official client",
    "s3": "its operations come with botocore",
}
WORDINGS = [
    (name, wording)
    for name, refusals in known_refusals().items()
    for wording in refusals
    if isinstance(wording, Wording)
]


@pytest.mark.parametrize(("name", "contract"), known_contracts().items())
def test_a_contract_that_is_here_objects_to_nonsense(name: str, contract: Contract) -> None:
    if not contract.is_here():
        pytest.skip(f"not checked: no vendors' contracts lie beside this checkout, as {name}'s")

    found = contract.violations(NONSENSE)

    assert found.request + found.answer


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of contracts, empty."""
    monkeypatch.setattr("tests.contract.contracts.SPECS", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "contract",
    [
        pytest.param(contract, id=name)
        for name, contract in known_contracts().items()
        if name not in NEED_NO_FILE
    ],
)
def test_a_contract_may_lack_a_file_only_where_no_contracts_are(
    folder: Path, monkeypatch: pytest.MonkeyPatch, contract: Contract
) -> None:
    asked: set[Path] = set()
    missing: set[Path] = set()

    def is_file(path: Path) -> bool:
        asked.add(path)
        return path not in missing

    monkeypatch.setattr(Path, "is_file", is_file)
    assert contract.is_here()
    assert asked

    for path in set(asked):
        missing = {path}
        with pytest.raises(FileNotFoundError, match=path.name):
            contract.is_here()

    folder.rmdir()
    assert not contract.is_here()


def test_a_contract_whose_file_is_spelled_wrongly_fails(folder: Path) -> None:
    contract = OpenApiContract("ebay/browze.json")

    with pytest.raises(FileNotFoundError, match=r"ebay/browze\.json"):
        contract.is_here()

    folder.rmdir()
    assert not contract.is_here()


def test_of_every_api_that_is_played_is_known_how_it_refuses() -> None:
    played = {api.service for stand_in in STAND_INS for api in stand_in.apis}

    assert known_refusals().keys() == played


@pytest.mark.parametrize(("name", "wording"), WORDINGS)
@pytest.mark.parametrize(
    ("media_type", "body"),
    [(None, b'{"oops": 1}'), (None, b"\xff<"), (None, b"<Error/>"), (None, b""), ("text/css", b"")],
)
def test_a_refusal_in_other_words_is_objected_to(
    name: str, wording: Wording, media_type: str | None, body: bytes
) -> None:
    update = {
        "service": name,
        "status": 418,
        "answer_headers": [("content-type", media_type or wording.media_type)],
        "answer_body": body,
    }

    assert wording.wrong(NONSENSE.model_copy(update=update))


def test_a_body_that_repeats_another_status_is_objected_to() -> None:
    def judged(status: int) -> list[str]:
        told = {"code": 20404, "message": "no", "more_info": "https://x.example", "status": 404}
        update = {"service": "twilio", "status": status, "answer_body": json.dumps(told).encode()}
        return wrong_refusal(known_refusals(), NONSENSE.model_copy(update=update))

    assert judged(404) == []
    assert judged(400) == ["the body of a 400 says 404"]


def test_a_refusal_that_nobody_has_worded_is_objected_to() -> None:
    refused = NONSENSE.model_copy(update={"status": 404})

    assert wrong_refusal({}, refused) == ["nothing says how nobody words a 404 here"]


def test_a_path_that_no_contract_covers_is_a_violation() -> None:
    contract = RoutedContract(
        {"/v1": OpenApiContract("nowhere.json")}, unchecked={"/token": "OAuth, by RFC 6749"}
    )

    def judged(path: str) -> list[str]:
        return contract.violations(NONSENSE.model_copy(update={"path": path})).request

    assert judged("/token") == []
    assert judged("/v2/things") == ["no contract covers /v2/things"]
