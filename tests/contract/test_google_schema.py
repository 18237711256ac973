"""Google's stand-in, driven from the discovery documents: never a 5xx, nothing undescribed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.calls import Exchange
from sandbox.google.access import Quotas
from sandbox.google.files import DOCUMENT, SPREADSHEET, DriveFile, DriveStore, SharedDrive
from sandbox.google.grid import Sheet
from sandbox.google.tokens import GoogleTokens
from sandbox.server import Sandbox
from sandbox.windows import RateLimit
from tests.contract.contracts.google import CONTRACTS, SHIPPED
from tests.contract.driving import sandbox_beside

pytestmark = pytest.mark.thorough

CLAIMED = {
    "drive.v3": (
        "about.get changes.getStartPageToken changes.list changes.watch channels.stop drives.get "
        "drives.list files.create files.delete files.export files.get files.list files.update "
        "files.watch"
    ),
    "sheets.v4": (
        "spreadsheets.create spreadsheets.get spreadsheets.values.append "
        "spreadsheets.values.batchClear spreadsheets.values.batchGet "
        "spreadsheets.values.batchUpdate spreadsheets.values.clear spreadsheets.values.get "
        "spreadsheets.values.update"
    ),
}
KNOWN = {
    "fileId": ["leads", "note", "orders", "nowhere"],
    "spreadsheetId": ["orders", "orders", "leads"],
    "driveId": ["team"],
    "range": ["Orders", "Orders!A1:B2", "A1", "Orders!B:C", "Nowhere!A1"],
    "pageToken": ["1001", "1002"],
    "mimeType": ["text/csv", "text/plain"],
    "fields": ["*", "kind", "files(id,name)", "spreadsheetId,sheets/properties"],
    "q": ["trashed = false", "name contains 'a' and 'root' in parents"],
    "address": ["https://us.example/x"],
    "type": ["web_hook"],
}
"""What makes sense for names that mean something."""

OPERATIONS = [(api, method) for api, methods in CLAIMED.items() for method in methods.split()]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with sandbox_beside() as running:
        for kind in ("drive", "sheets_reads", "sheets_writes"):
            setattr(running.state.store(Quotas), kind, RateLimit(1_000_000, 60))
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    store = sandbox.state.store(DriveStore)
    store.clear()
    store.add_drive(SharedDrive("team", "Sales"))
    store.add(DriveFile(id="leads", name="leads.csv", mime_type="text/csv", content=b"a,b"))
    store.add(DriveFile(id="note", name="Note", mime_type=DOCUMENT, content=b"Hello"))
    sheets = (Sheet("Orders", (("Order", "Total"), ("SO-1", 2.5))),)
    store.add(DriveFile(id="orders", name="Orders", mime_type=SPREADSHEET, sheets=sheets))
    token = {"Authorization": f"Bearer {sandbox.state.store(GoogleTokens).issue()}"}
    with httpx.Client(base_url=f"{sandbox.url}/google", headers=token, trust_env=False) as client:
        yield client


PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-5, 2000),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "any": st.none() | st.booleans() | st.integers() | st.text(max_size=5),
}


def texts(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("format") in ("int64", "uint64"):
        return st.integers(-(2**63), 2**63 - 1).map(str)
    return st.text(max_size=10)


class Document:
    """A discovery document, as something to make up requests by."""

    def __init__(self, api: str) -> None:
        self.described: dict[str, Any] = json.loads((SHIPPED / f"{api}.json").read_text())

    def method(self, name: str) -> dict[str, Any]:
        found = self.described
        *resources, last = name.split(".")
        for resource in resources:
            found = found["resources"][resource]
        method: dict[str, Any] = found["methods"][last]
        return method

    def values(self, name: str, schema: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
        if "$ref" in schema:
            schema = self.described["schemas"][schema["$ref"]]
        if name in KNOWN:
            return st.sampled_from(KNOWN[name]) | st.text(max_size=10)
        kind = schema.get("type", "any")
        if kind == "array":
            return st.lists(self.values("", schema["items"], depth), max_size=3)
        if kind == "object":
            properties = schema.get("properties", {}) if depth < 2 else {}
            inner = {name: self.values(name, one, depth + 1) for name, one in properties.items()}
            return st.fixed_dictionaries({}, optional=inner)
        if kind == "string":
            return texts(schema)
        return PLAIN[kind]

    def requests(self, method: dict[str, Any]) -> st.SearchStrategy[tuple[Any, Any]]:
        given = {**self.described["parameters"], **method.get("parameters", {})}
        made = {
            name: st.lists(one, max_size=3) if given[name].get("repeated") else one
            for name, one in ((n, self.values(n, p)) for n, p in given.items())
            if name not in ("alt", "$.xgafv", "callback", "access_token", "oauth_token")
        }
        required = {name: made.pop(name) for name in list(made) if given[name].get("required")}
        body = self.values("", method["request"]) if "request" in method else st.none()
        return st.tuples(st.fixed_dictionaries(required, optional=made), body)


@pytest.mark.parametrize(("api", "name"), OPERATIONS, ids=lambda text: text)
def test_what_may_be_asked_is_answered_as_described(
    client: httpx.Client, api: str, name: str
) -> None:
    if not CONTRACTS["google"].is_here():
        pytest.skip("no vendors' contracts beside the clone")
    document = Document(api)
    method = document.method(name)

    @settings(
        max_examples=60,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(document.requests(method))
    def ask(made: tuple[dict[str, Any], Any]) -> None:
        parameters, body = made
        path = method["path"]
        for part in [one for one in parameters if f"{{{one}}}" in path]:
            path = path.replace(f"{{{part}}}", quote(parameters.pop(part) or "none", safe=""))
        answer = client.request(
            method["httpMethod"],
            f"/{document.described['servicePath']}{path}",
            params=parameters,
            **({} if body is None else {"json": body}),
        )
        assert answer.status_code < 500
        url = answer.request.url
        exchange = Exchange(
            service="google",
            method=method["httpMethod"],
            path=url.path.removeprefix("/google"),
            query=url.query.decode(),
            headers=[],
            body=b"",
            status=answer.status_code,
            answer_headers=list(answer.headers.items()),
            answer_body=answer.content,
        )
        assert CONTRACTS["google"].violations(exchange).answer == []

    ask()
