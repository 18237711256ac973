"""Whom and what Exchange Web Services refuse, and how they say it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from sandbox import Sandbox
from sandbox.mail.store import MailStore
from tests.sandbox.mail.ews_kit import (
    ANN,
    INBOX,
    LOGIN,
    NAMES,
    SHOP,
    URL,
    Ews,
    Write,
    create,
    envelope,
    find,
    get,
    id_of,
    sync,
)

Fault = Callable[..., Awaitable[None]]


@pytest.fixture
def store(sandbox: Sandbox) -> MailStore:
    return sandbox.state.store(MailStore)


@pytest.fixture
def ews(client: httpx.AsyncClient) -> Ews:
    return Ews(client, SHOP)


@pytest.mark.parametrize(
    "login", [None, httpx.BasicAuth("sandbox", "wrong"), httpx.BasicAuth("", "")]
)
async def test_who_does_not_log_in_is_told_how(
    client: httpx.AsyncClient, login: httpx.Auth | None
) -> None:
    answer = await client.request("POST", URL, content=envelope(find(), SHOP), auth=login)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize("scheme", ["Bearer x", "Basic ?", "Basic", "NTLM TlRMTVNTUAAB"])
async def test_other_ways_to_log_in_are_refused(client: httpx.AsyncClient, scheme: str) -> None:
    answer = await client.post(URL, content=b"", headers={"Authorization": scheme})

    assert answer.status_code == 401


async def test_other_paths_and_methods_are_the_web_servers(client: httpx.AsyncClient) -> None:
    for method, path in (("GET", URL), ("POST", "/ews/EWS/Other.asmx"), ("PUT", "/ews/x")):
        answer = await client.request(method, path)
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"\xff\xfe",
        b"<s:Envelope",
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
        b'<?xml version="1.0" encoding="nothing"?><x/>',
    ],
)
async def test_what_is_no_xml_never_reaches_exchange(client: httpx.AsyncClient, raw: bytes) -> None:
    assert (await client.post(URL, content=raw, auth=LOGIN)).status_code == 400


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "ErrorSchemaValidation"),
        ("<m:GetItem/><m:GetItem/>", "ErrorSchemaValidation"),
        ("<m:Fetch/>", "ErrorSchemaValidation"),
        (sync(most=513), "ErrorSchemaValidation"),
        (find("<m:Restriction>" + "<t:Not>" * 2000 + "</t:Not>" * 2000 + "</m:Restriction>"), ""),
    ],
)
async def test_a_request_that_breaks_the_schema_is_a_soap_fault(
    ews: Ews, store: MailStore, write_mail: Write, body: str, code: str
) -> None:
    store.deliver(write_mail().as_bytes(), mailbox=SHOP)

    answer = await ews.post(body)

    assert answer.status_code == 500
    root = ET.fromstring(answer.content)  # noqa: S314
    assert root.find("s:Body/s:Fault", NAMES) is not None
    assert root.findtext(".//e:ResponseCode", "", NAMES) == (code or "ErrorSchemaValidation")


async def test_an_unknown_version_is_refused(client: httpx.AsyncClient) -> None:
    raw = envelope(find(), SHOP).replace(
        b"<s:Header>", b'<s:Header><t:RequestServerVersion Version="Domino"/>'
    )

    answer = await client.post(URL, content=raw, auth=LOGIN)

    assert b"ErrorInvalidServerVersion" in answer.content


async def test_the_service_account_has_no_mailbox_of_its_own(client: httpx.AsyncClient) -> None:
    assert await Ews(client, "").code(find()) == "ErrorNonExistentMailbox"


async def test_nobody_reads_the_mailbox_of_another(
    client: httpx.AsyncClient, ews: Ews, store: MailStore, write_mail: Write
) -> None:
    store.deliver(write_mail().as_bytes(), mailbox=SHOP)
    mine = id_of(await ews.ask(find()))["Id"]
    stranger = Ews(client, ANN)
    box = f"<t:Mailbox><t:EmailAddress>{SHOP}</t:EmailAddress></t:Mailbox>"
    theirs = find().replace(
        INBOX, f'<t:DistinguishedFolderId Id="inbox">{box}</t:DistinguishedFolderId>'
    )

    assert await stranger.code(get(mine)) == "ErrorItemNotFound"
    assert await stranger.code(theirs) == "ErrorAccessDenied"


async def test_a_used_up_budget_is_told_in_an_answer_of_status_200(
    client: httpx.AsyncClient, ews: Ews, store: MailStore, write_mail: Write
) -> None:
    (await client.put("/_control/ews/budget", json={"calls": 1})).raise_for_status()
    await ews.ask(find())

    refused = await ews.ask(create(write_mail().as_bytes()))

    values = {
        one.get("Name"): one.text for one in refused.iterfind(".//m:MessageXml/t:Value", NAMES)
    }
    assert values["InnerErrorResponseCode"] == "ErrorServerBusy"
    assert 0 < int(values["BackOffMilliseconds"] or 0) <= 60_000
    assert store.find() == []


@pytest.mark.parametrize("retry_after", [2.5, None])
async def test_a_limit_that_is_ordered_is_a_soap_fault(
    ews: Ews, order_fault: Fault, retry_after: float | None
) -> None:
    await order_fault("ews", "rate_limit", retry_after=retry_after)

    answer = await ews.post(find())

    assert answer.status_code == 500
    root = ET.fromstring(answer.content)  # noqa: S314
    assert root.findtext(".//e:ResponseCode", "", NAMES) == "ErrorServerBusy"
    told = root.findtext(".//t:MessageXml/t:Value", None, NAMES)
    assert told == (None if retry_after is None else "2500")


@pytest.mark.parametrize(
    ("order", "status", "words"),
    [
        ({}, 500, "ErrorInternalServerError"),
        ({"code": "ErrorMailboxFailover"}, 500, "ErrorMailboxFailover"),
        ({"status": 503}, 503, "<h1>"),
        ({"status": 401}, 401, "<h1>"),
    ],
)
async def test_faults_are_exchanges_own(
    ews: Ews, order_fault: Fault, order: dict[str, Any], status: int, words: str
) -> None:
    await order_fault("ews", "error", **order)

    answer = await ews.post(find())

    assert answer.status_code == status
    assert words in answer.text
