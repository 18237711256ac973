from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from connectors._http.calls import MemoryRecorder, Shared
from connectors._http.errors import (
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.google import GoogleApi, read_google_problem, told_wait
from connectors._http.limits import MemoryLimiter, Rate
from connectors._http.retry import RetryPolicy
from connectors._http.tokens import MemoryTokens
from tests.connectors.conftest import FaultyServer

SECRET = "the-secret"


class About(BaseModel):
    kind: str


def api_at(url: str, retry: RetryPolicy, shared: Shared | None = None) -> GoogleApi[Any]:
    return GoogleApi(
        "drive",
        "drive",
        "v3",
        base_url=url,
        path="drive/v3/",
        login_url=f"{url}/oauth2",
        client_id="us",
        client_secret=SecretStr(SECRET),
        refresh_token=SecretStr("granted"),
        timeout_seconds=2.0,
        shared=shared,
        retry=retry,
    )


@pytest.fixture
async def api(
    server: FaultyServer, retry: RetryPolicy, recorder: MemoryRecorder
) -> AsyncIterator[GoogleApi[Any]]:
    api = api_at(server.url, retry, Shared(recorder=recorder))
    yield api
    await api.aclose()


def grant(server: FaultyServer, token: str = "one") -> None:  # noqa: S107
    server.answer(200, {"access_token": token, "expires_in": 3599})


def refuse(server: FaultyServer, status: int, reason: str = "", text: str = "") -> None:
    error = {"code": status, "message": text, "errors": [{"reason": reason, "message": text}]}
    server.answer(status, {"error": error})


async def ask(api: GoogleApi[Any]) -> About:
    return await api.fetch(About, "about", lambda drive: drive.about().get(fields="*"), safe=True)


async def write(api: GoogleApi[Any]) -> object:
    return await api.send(
        "create", lambda drive: drive.files().create(body={"name": "a"}), safe=False
    )


async def test_a_call_carries_the_token_and_is_recorded(
    server: FaultyServer, api: GoogleApi[Any], recorder: MemoryRecorder
) -> None:
    grant(server)
    server.answer(200, {"kind": "drive#about"})

    assert (await ask(api)).kind == "drive#about"

    login, call = server.seen
    assert b"grant_type=refresh_token" in login.body
    assert (call.method, call.target) == ("GET", "/drive/v3/about?fields=%2A&alt=json")
    assert call.headers["authorization"] == "Bearer one"
    assert [call.outcome for call in recorder.calls if call.service == "drive"] == ["ok"]


async def test_an_answer_is_recorded_by_the_id_that_google_gave_it(
    server: FaultyServer, api: GoogleApi[Any], recorder: MemoryRecorder
) -> None:
    grant(server)
    server.answer(200, {"kind": "drive#about"}, x_guploader_uploadid="good")
    server.answer(400, {"error": {"code": 400}}, x_guploader_uploadid="bad")

    await ask(api)
    with pytest.raises(RejectedError):
        await write(api)

    assert [call.request_id for call in recorder.calls if call.service == "drive"] == [
        "good",
        "bad",
    ]


async def test_a_refused_token_is_renewed_once(
    server: FaultyServer, retry: RetryPolicy, recorder: MemoryRecorder, waits: list[float]
) -> None:
    limiter = MemoryLimiter(Rate(1, 10.0), clock=lambda: 0.0)
    api = api_at(server.url, retry, Shared(limiter=limiter, recorder=recorder))
    grant(server, "old")
    refuse(server, 401, "authError")
    grant(server, "new")
    server.answer(200, {"kind": "drive#about"})

    await ask(api)
    await api.aclose()

    assert server.seen[-1].headers["authorization"] == "Bearer new"
    assert waits == [pytest.approx(10.2)], "the second request had a turn of its own"
    assert [call.attempts for call in recorder.calls if call.operation == "about"] == [2]


async def test_a_token_that_is_refused_twice_needs_a_person(
    server: FaultyServer, api: GoogleApi[Any]
) -> None:
    for token in ("old", "new"):
        grant(server, token)
        refuse(server, 401, "authError")

    with pytest.raises(NeedsReauthError, match="HOTROD_GOOGLE__REFRESH_TOKEN"):
        await ask(api)


async def test_an_ended_grant_needs_a_person(server: FaultyServer, api: GoogleApi[Any]) -> None:
    server.answer(400, {"error": "invalid_grant", "error_description": "Token was revoked."})

    with pytest.raises(NeedsReauthError, match="invalid_grant"):
        await ask(api)


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (403, "userRateLimitExceeded", RateLimitedError),
        (403, "quotaExceeded", RateLimitedError),
        (403, "insufficientPermissions", NeedsReauthError),
        (403, "insufficientFilePermissions", RejectedError),
        (404, "notFound", ServiceNotFoundError),
        (400, "invalid", RejectedError),
    ],
)
async def test_the_reason_says_more_than_the_status(
    server: FaultyServer, api: GoogleApi[Any], status: int, reason: str, kind: type[Exception]
) -> None:
    grant(server)
    for _ in range(3 if kind is RateLimitedError else 1):
        refuse(server, status, reason, f"no, {SECRET} of ann@example.org")

    with pytest.raises(kind, match=reason) as caught:
        await ask(api)

    assert SECRET not in str(caught.value)
    assert "ann@" not in str(caught.value)


async def test_a_read_is_tried_again_and_a_write_is_not(
    server: FaultyServer, api: GoogleApi[Any], waits: list[float]
) -> None:
    grant(server)
    refuse(server, 503, "backendError")
    server.answer(200, {"kind": "drive#about"})
    await ask(api)
    assert waits == [1.0]

    refuse(server, 503, "backendError")
    with pytest.raises(UnknownOutcomeError):
        await write(api)
    assert [seen.method for seen in server.seen].count("POST") == 2


@pytest.mark.parametrize("end", ["reset", "truncate", "hang_up"])
async def test_a_write_without_an_answer_is_sent_once(
    server: FaultyServer, api: GoogleApi[Any], end: str
) -> None:
    grant(server)
    server.answer(200, {"kind": "drive#about"})
    await ask(api)
    if end == "hang_up":
        server.plan.append(b"Content-Length: 500")  # no status; this server closes after it
        server.answer(200, {"id": "what httplib2 would get when it asks again"})
    else:
        getattr(server, end)()

    with pytest.raises(UnknownOutcomeError, match="no answer"):
        await write(api)

    server.plan.clear()
    assert sum(seen.method == "POST" and "files" in seen.target for seen in server.seen) == 1


async def test_a_connection_that_was_closed_meanwhile_is_opened_anew(
    server: FaultyServer, api: GoogleApi[Any]
) -> None:
    grant(server)
    server.answer(200, b'{"kind": "x"}'.ljust(500))  # this server closes after 500 bytes
    await ask(api)
    server.answer(200, {"id": "f1"})

    assert await write(api) == {"id": "f1"}


async def test_who_is_not_reached_was_not_asked(
    closed_port: int, server: FaultyServer, retry: RetryPolicy
) -> None:
    shared = Shared()
    api = api_at(server.url, retry, shared)
    grant(server)
    server.answer(200, {"kind": "drive#about"})
    await ask(api)
    away = api_at(f"http://127.0.0.1:{closed_port}", retry, shared)

    with pytest.raises(TransientError, match="ConnectionRefused"):
        await write(away)

    await api.aclose()
    await away.aclose()


async def test_an_answer_that_is_a_page_cannot_be_read(
    server: FaultyServer, api: GoogleApi[Any], recorder: MemoryRecorder
) -> None:
    grant(server)
    server.answer(200, b"<html>", Content_Type="text/html")
    with pytest.raises(UnknownOutcomeError, match="can't be read"):
        await write(api)

    for _ in range(3):
        server.answer(200, b"<html>")
    with pytest.raises(TransientError, match="can't be read"):
        await ask(api)

    calls = [call for call in recorder.calls if call.service == "drive"]
    assert [(call.outcome, call.attempts) for call in calls] == [
        ("UnknownOutcomeError", 1),
        ("TransientError", 3),
    ]


async def test_an_answer_without_what_it_must_hold_cannot_be_read(
    server: FaultyServer, api: GoogleApi[Any]
) -> None:
    grant(server)
    for _ in range(3):
        server.answer(200, {"kinds": 1})

    with pytest.raises(TransientError, match="missing"):
        await ask(api)


async def test_a_read_that_can_be_read_at_last_succeeds(
    server: FaultyServer, api: GoogleApi[Any], recorder: MemoryRecorder
) -> None:
    grant(server)
    server.answer(200, b"<html>", Content_Type="text/html")
    server.answer(200, {"kind": "drive#about"})

    assert (await ask(api)).kind == "drive#about"

    assert [(call.outcome, call.attempts) for call in recorder.calls][-1] == ("ok", 2)


async def find(api: GoogleApi[Any]) -> About | None:
    return await api.find(About, "find", lambda drive: drive.files().get(fileId="f1"))


async def test_what_is_not_there_is_an_answer_to_who_looks_for_it(
    server: FaultyServer, api: GoogleApi[Any], recorder: MemoryRecorder
) -> None:
    grant(server)
    server.answer(200, {"kind": "drive#file"})
    assert await find(api) == About(kind="drive#file")

    refuse(server, 404, "notFound")
    assert await find(api) is None

    server.answer(404, b"<html>Not Found", Content_Type="text/html")
    with pytest.raises(ServiceNotFoundError):
        await find(api)

    outcomes = [call.outcome for call in recorder.calls if call.service == "drive"]
    assert outcomes == ["ok", "ok", "ServiceNotFoundError"]


class BrokenTokens(MemoryTokens):
    """A store whose database goes away after some answers."""

    def __init__(self, answers: int) -> None:
        super().__init__()
        self.answers = answers

    async def read(self, account: str) -> str | None:
        if self.answers == 0:
            raise ConnectionRefusedError("no database")
        self.answers -= 1
        return await super().read(account)


@pytest.mark.parametrize("sent", [0, 1])
async def test_a_store_of_tokens_that_is_away_leaves_no_outcome_unknown(
    server: FaultyServer, retry: RetryPolicy, sent: int
) -> None:
    if sent:
        grant(server)
        refuse(server, 401, "authError")
    api = api_at(server.url, retry, Shared(tokens=BrokenTokens(3 * sent)))

    with pytest.raises(TransientError, match="hotrod doctor"):
        await write(api)

    await api.aclose()
    assert sum("files" in seen.target for seen in server.seen) == sent


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"errors": [{"reason": "notFound"}], "status": "NOT_FOUND"}, "notFound"),
        ({"details": [{"@type": "x"}, {"reason": "RATE_LIMIT_EXCEEDED"}]}, "RATE_LIMIT_EXCEEDED"),
        ({"status": "RESOURCE_EXHAUSTED"}, "RESOURCE_EXHAUSTED"),
    ],
)
def test_errors_are_read_in_the_older_and_the_newer_form(error: dict[str, Any], code: str) -> None:
    problem = read_google_problem(json.dumps({"error": {"message": "No.", **error}}).encode())

    assert problem == (code, "No.")


def test_a_body_that_is_no_error_says_nothing() -> None:
    assert read_google_problem(b"<html>") == ("", "")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("User-rate limit exceeded.  Retry after 2026-11-21T17:00:30.500Z", 30.5),
        ("User-rate limit exceeded.  Retry after 2026-11-21T16:00:00Z (Forwarding rules)", 0.0),
        ("Retry after lunch", None),
        ("Retry after 2026-02-30T25:00:00Z", None),
    ],
)
def test_a_wait_is_read_from_the_text(text: str, seconds: float | None) -> None:
    assert told_wait(text, datetime(2026, 11, 21, 17, tzinfo=UTC)) == seconds
