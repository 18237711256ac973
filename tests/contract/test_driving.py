"""The driver itself: a stand-in that only ever refuses isn't taken for one that works."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.n8n.store import Automation
from sandbox.server import Sandbox
from tests.contract.contracts.openapi import OpenApiContract
from tests.contract.driving import Known, check_refusal, drive, seeded_sandbox

KEY = {"X-N8N-API-KEY": "sandbox-key"}
OPERATION = "GET /workflows/{id}"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with seeded_sandbox() as running:
        yield running


@pytest.fixture
def known(sandbox: Sandbox) -> Known:
    return Known(path={"id": [one.id for one in sandbox.state.store(Automation).workflows()]})


@pytest.fixture
def contract(tmp_path: Path) -> OpenApiContract:
    """A document of one operation: a workflow has a name, and more is not said."""
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    workflow = {"type": "object", "required": ["name"]}
    answers = {
        "200": {"description": "", "content": {"application/json": {"schema": workflow}}},
    }
    operation = {"parameters": [parameter], "responses": answers}
    file = tmp_path / "document.json"
    spec = {
        "openapi": "3.0.3",
        "info": {"title": "Workflows", "version": "1"},
        "paths": {"/workflows/{id}": {"get": operation}},
    }
    file.write_text(json.dumps(spec))
    return OpenApiContract(str(file), "/api/v1", undescribed={404})


def test_an_operation_that_is_only_refused_fails(
    sandbox: Sandbox, contract: OpenApiContract
) -> None:
    with pytest.raises(AssertionError, match=r"was answered \{404: \d+\}"):
        drive(contract, OPERATION, f"{sandbox.url}/n8n", headers=KEY, examples=5)


def test_an_operation_succeeds_on_what_is_known(
    sandbox: Sandbox, contract: OpenApiContract, known: Known
) -> None:
    drive(contract, OPERATION, f"{sandbox.url}/n8n", headers=KEY, known=known, examples=15)


def test_a_refusal_in_other_words_than_the_vendors_fails() -> None:
    url = "http://127.0.0.1:1/n8n/api/v1/workflows/1"
    json_headers = {"content-type": "application/json"}

    check_refusal("GET", url, 404, json_headers, b'{"message": "not found"}')
    check_refusal("GET", url, 200, json_headers, b'{"error": "not found"}')
    with pytest.raises(AssertionError, match="'message' is a required property"):
        check_refusal("GET", url, 404, json_headers, b'{"error": "not found"}')
