from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import respx
from PIL import Image

from cli import demo as demonstration
from cli import keys, run
from cli.photo import SIZE, board_photo
from hotrod.settings import Settings, load_settings
from hotrod.stack.control import StackError
from hotrod.stack.logs import log_path
from tests.cli.conftest import Hotrod

Output = pytest.CaptureFixture[str]
STEPS = [key for key, _ in demonstration.STEPS[2:]] + ["quote_sent"]
APPROVE = "http://127.0.0.1:1/q/token?choice=approve"


class FakeSystem:
    """A gateway and a mailbox whose answers move on with each look."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.gateway = f"http://127.0.0.1:{settings.gateway.port}"
        self.looks = 0
        self.status = "quoted"
        self.routes: dict[str, respx.Route] = {}
        self.submitted: httpx.Request | None = None

    def accept(self, request: httpx.Request) -> httpx.Response:
        self.submitted = request
        return httpx.Response(202, json={"ticket": "NL-1042"})

    def progress(self, _request: httpx.Request) -> httpx.Response:
        self.looks += 1
        done = STEPS[: self.looks * 3]
        return httpx.Response(
            200,
            json={
                "title": "PS5: no picture",
                "status": "received" if self.looks < 3 else self.status,
                "status_url": f"{self.gateway}/r/token",
                "run_url": "http://127.0.0.1:2/runs/flow-run/1",
                "technician": "maya",
                "quote": {"version": 1, "total": "189.84", "currency": "CAD"},
                "steps": [{"name": name, "at": now()} for name in done],
            },
        )

    def mails(self, _request: httpx.Request) -> httpx.Response:
        texts = ["we have it", f"approve: {APPROVE} or not"][: self.looks]
        return httpx.Response(200, json=[{"received_at": now(), "text": text} for text in texts])


def now() -> str:
    return datetime.now(UTC).isoformat()


@pytest.fixture
def revoked() -> list[str]:
    return []


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch, revoked: list[str]) -> Iterator[FakeSystem]:
    """The stack is up already; keys are handed out without a database."""

    async def create_key(_name: str, _scopes: object) -> str:
        return "hrf_0123456789_secret"

    async def revoke_key(prefix: str) -> None:
        revoked.append(prefix)

    monkeypatch.setattr(run, "start_detached", lambda _settings: 0.0)
    monkeypatch.setattr(keys, "create_key", create_key)
    monkeypatch.setattr(keys, "revoke_key", revoke_key)
    monkeypatch.setattr(demonstration, "_LOOK_EVERY_SECONDS", 0.0)
    fake = FakeSystem(load_settings())
    with respx.mock(assert_all_called=False) as router:
        new, ticket = f"{fake.gateway}/api/flow/repair/new", f"{fake.gateway}/api/repairs/NL-1042"
        fake.routes = {
            "POST": router.post(new).mock(side_effect=fake.accept),
            "GET": router.get(ticket).mock(side_effect=fake.progress),
        }
        router.get(f"{fake.settings.sandbox_url}/_control/mail").mock(side_effect=fake.mails)
        yield fake


def test_json_is_one_object_with_the_figures(
    hotrod: Hotrod, system: FakeSystem, revoked: list[str], capsys: Output
) -> None:
    assert hotrod("demo", "--json") == 0
    body = json.loads(capsys.readouterr().out)
    assert body == body | {
        "ok": True,
        "ticket": "NL-1042",
        "status": "quoted",
        "flow_run_url": "http://127.0.0.1:2/runs/flow-run/1",
        "ticket_url": f"{system.gateway}/r/token",
        "stack_start_seconds": 0.0,
    }
    seconds = [body[f"{name}_seconds"] for name in ("ack_mail", "quote_mail", "total")]
    assert 0 < seconds[0] <= seconds[1] <= seconds[2]
    assert len(body) == 9
    assert revoked == ["0123456789"]


def test_the_request_is_a_web_form_with_a_photo(hotrod: Hotrod, system: FakeSystem) -> None:
    assert hotrod("demo", "--json") == 0
    request = system.submitted
    assert request is not None
    assert request.headers["content-type"].startswith("multipart/form-data")
    assert request.headers["x-api-key"] == "hrf_0123456789_secret"
    assert b'name="customer_email"' in request.content
    assert board_photo() in request.content


def test_people_get_steps_and_links(hotrod: Hotrod, system: FakeSystem, capsys: Output) -> None:
    assert hotrod("demo") == 0
    shown = capsys.readouterr().out
    for _, name in demonstration.STEPS:
        assert name in shown
    assert "NL-1042 PS5: no picture" in shown
    assert "189.84 CAD" in shown
    for link in (f"{system.gateway}/r/token", APPROVE, f"{system.settings.sandbox_url}/mail"):
        assert link in shown
    assert "hotrod down" in shown


@dataclass(frozen=True)
class Fault:
    method: str
    answer: httpx.Response | Exception
    step: str
    reason: str


FAULTS = [
    Fault("POST", httpx.Response(500, text="broken"), "Ticket stored", "500: broken"),
    Fault("POST", httpx.ConnectError("refused"), "Ticket stored", "can't be reached"),
    Fault("GET", httpx.Response(503), "Acknowledgement mail delivered", "503"),
]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_failure_says_which_step_why_and_where_to_look(
    hotrod: Hotrod,
    system: FakeSystem,
    revoked: list[str],
    capsys: Output,
    fault: Fault,
    options: tuple[str, ...],
) -> None:
    system.routes[fault.method].side_effect = [fault.answer]
    assert hotrod("demo", *options) == 1
    told = capsys.readouterr()
    for word in (fault.step, fault.reason, "hotrod logs"):
        assert word in told.err
    if options:
        body = json.loads(told.out)
        assert (body["ok"], body["step"]) == (False, fault.step)
        assert fault.reason in body["error"]
    assert revoked == ["0123456789"]


def test_a_ticket_that_is_not_quoted_is_a_failure(
    hotrod: Hotrod, system: FakeSystem, capsys: Output
) -> None:
    system.status = "routed"
    assert hotrod("demo") == 1
    assert "The ticket is routed, not quoted." in capsys.readouterr().err


def test_patience_ends(
    hotrod: Hotrod, system: FakeSystem, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demonstration, "_PATIENCE_SECONDS", 0.0)
    assert hotrod("demo") == 1
    assert "Acknowledgement mail delivered" in capsys.readouterr().err


def test_without_a_mailbox_the_gateway_tells_of_the_mails(
    hotrod: Hotrod, system: FakeSystem, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTROD_SANDBOX__SERVICES", "claude,slack")
    monkeypatch.setenv("HOTROD_MAIL__TRANSPORT", "smtp")
    monkeypatch.setenv("HOTROD_SMTP__HOST", "mail.example.com")
    monkeypatch.setattr(
        "tests.cli.test_demo.STEPS", ["mail_acknowledgement", *STEPS[:-1], "mail_quote", STEPS[-1]]
    )
    assert hotrod("demo") == 0
    assert "/mail" not in capsys.readouterr().out


def test_a_stack_that_does_not_start_is_told(
    hotrod: Hotrod, system: FakeSystem, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(settings: Settings) -> float:
        raise StackError("prefect", "it ended with status 3", log_path(settings.home, "prefect"))

    monkeypatch.setattr(run, "start_detached", fail)
    assert hotrod("demo", "--json") == 1
    body = json.loads(capsys.readouterr().out)
    assert body["step"] == "Start of prefect"
    assert body["look"].endswith("prefect.log")


def test_stop_stops_the_stack_in_the_end(
    hotrod: Hotrod, system: FakeSystem, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[Any] = []
    monkeypatch.setattr(run, "stop", stopped.append)
    assert hotrod("demo", "--stop") == 0
    assert stopped == [system.settings.home]
    assert "has stopped" in capsys.readouterr().out


def test_the_photo_is_one_that_a_phone_would_take() -> None:
    with Image.open(io.BytesIO(board_photo())) as photo:
        assert (photo.format, photo.size) == ("JPEG", SIZE)
        assert photo.getexif().get_ifd(0x8825)  # the place, which the gateway must remove
        assert len(photo.getcolors(maxcolors=SIZE[0] * SIZE[1]) or []) > 100
    assert len(board_photo()) < 2_000_000
