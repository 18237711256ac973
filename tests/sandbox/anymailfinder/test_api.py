from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox import Sandbox
from sandbox.anymailfinder.seed import seed, status_of
from sandbox.anymailfinder.store import Finder, Mailbox
from sandbox.story import make_story

ROOT = "/anymailfinder/v5.1"
KEY = {"Authorization": "Bearer sandbox-key"}
CHLOE = {"full_name": "Chloé Tremblay", "domain": "tremblay-music.example"}


@pytest.fixture
def finder(sandbox: Sandbox) -> Finder:
    finder = sandbox.state.store(Finder)
    for status, name in (("valid", "Chloé Tremblay"), ("risky", "Omar Roy")):
        login = name.partition(" ")[0].lower().replace("é", "e")
        email = f"{login}@tremblay-music.example"
        finder.add(Mailbox(email, name, "Tremblay Music", status))  # type: ignore[arg-type]
    return finder


async def ask(client: httpx.AsyncClient, path: str, body: object) -> httpx.Response:
    return await client.post(f"{ROOT}/{path}", json=body, headers=KEY)


@pytest.mark.parametrize(
    "asked",
    [
        CHLOE,
        {"full_name": "chloe  TREMBLAY", "domain": "Tremblay-Music.example"},
        {"first_name": "Chloé", "last_name": "Tremblay", "company_name": "tremblay music"},
    ],
)
async def test_a_person_is_found_by_name_and_company(
    client: httpx.AsyncClient, finder: Finder, asked: dict[str, str]
) -> None:
    found = (await ask(client, "find-email/person", asked)).json()
    assert found == {
        "input": asked,
        "credits_charged": 1,
        "email": "chloe@tremblay-music.example",
        "email_status": "valid",
        "valid_email": "chloe@tremblay-music.example",
    }


@pytest.mark.parametrize(
    ("name", "status", "email"),
    [("Omar Roy", "risky", "omar@tremblay-music.example"), ("Nobody Here", "not_found", None)],
)
async def test_what_is_not_valid_is_a_success_that_costs_nothing(
    client: httpx.AsyncClient, finder: Finder, name: str, status: str, email: str | None
) -> None:
    answer = await ask(client, "find-email/person", {**CHLOE, "full_name": name})
    assert answer.status_code == 200
    found = answer.json()
    assert (found["email_status"], found["email"]) == (status, email)
    assert found["valid_email"] is None
    assert found["credits_charged"] == 0
    assert finder.credits_left == 1000


async def test_the_same_find_is_charged_once_and_a_verification_each_time(
    client: httpx.AsyncClient, finder: Finder
) -> None:
    finds = [(await ask(client, "find-email/person", CHLOE)).json() for _ in range(2)]
    assert [found["credits_charged"] for found in finds] == [1, 0]
    address = {"email": "chloe@tremblay-music.example"}
    checks = [(await ask(client, "verify-email", address)).json() for _ in range(2)]
    assert [check["credits_charged"] for check in checks] == [1, 1]
    assert checks[0]["email_status"] == "valid"
    left = (await client.get(f"{ROOT}/account", headers=KEY)).json()["credits_left"]
    assert left == 997


async def test_a_company_is_found_with_its_addresses(
    client: httpx.AsyncClient, finder: Finder
) -> None:
    asked = {"domain": "tremblay-music.example"}
    found = (await ask(client, "find-email/company", asked)).json()
    assert found["emails"] == ["chloe@tremblay-music.example", "omar@tremblay-music.example"]
    assert found["valid_emails"] == ["chloe@tremblay-music.example"]
    none = (await ask(client, "find-email/company", {"company_name": "Nobody Inc"})).json()
    assert (none["email_status"], none["emails"], none["credits_charged"]) == ("not_found", [], 0)


async def test_an_address_that_nobody_has_is_invalid(client: httpx.AsyncClient) -> None:
    found = (await ask(client, "verify-email", {"email": "x@nowhere.example"})).json()
    assert found["email_status"] == "invalid"


async def test_without_credits_only_what_was_paid_is_answered(
    client: httpx.AsyncClient, finder: Finder
) -> None:
    await ask(client, "find-email/person", CHLOE)
    finder.credits_left = 0
    assert (await ask(client, "find-email/person", CHLOE)).status_code == 200
    for path, body in (
        ("find-email/person", {**CHLOE, "full_name": "Omar Roy"}),
        ("find-email/company", {"domain": "a.example"}),
        ("verify-email", {"email": "a@a.example"}),
    ):
        refused = await ask(client, path, body)
        assert (refused.status_code, refused.json()["error"]) == (402, "payment_needed")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (KEY, 200),
        ({"Authorization": "sandbox-key"}, 200),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"X-Api-Key": "sandbox-key"}, 401),
        ({}, 401),
    ],
)
async def test_the_key_is_taken_with_and_without_bearer(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    answer = await client.get(f"{ROOT}/account", headers=headers)
    assert answer.status_code == status
    if status == 401:
        assert answer.json()["error"] == "not_authorized"


async def test_the_status_is_told_to_anybody(client: httpx.AsyncClient) -> None:
    assert (await client.get("/anymailfinder/status")).json() == {"healthy": True}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("find-email/person", {"full_name": "Chloé Tremblay"}),
        ("find-email/person", {"domain": "a.example"}),
        ("find-email/person", {"full_name": 5, "domain": "a.example"}),
        ("find-email/person", ["Chloé Tremblay"]),
        ("find-email/company", {}),
        ("find-email/company", {"domain": "x" * 501}),
        ("verify-email", {"email": "not an address"}),
        ("verify-email", {}),
    ],
)
async def test_a_question_that_lacks_something_is_refused(
    client: httpx.AsyncClient, path: str, body: Any
) -> None:
    answer = await ask(client, path, body)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000, b"\xff"])
async def test_a_body_that_cannot_be_read_is_refused(
    client: httpx.AsyncClient, content: bytes
) -> None:
    answer = await client.post(f"{ROOT}/find-email/person", content=content, headers=KEY)
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/v5.1/find-email/pets", "/v9/account", "/x"])
async def test_other_paths_are_not_found(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(f"/anymailfinder{path}", headers=KEY)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


async def test_a_busy_server_says_so(client: httpx.AsyncClient, order_fault: Any) -> None:
    await order_fault("anymailfinder", "error")
    answer = await ask(client, "find-email/person", CHLOE)
    assert (answer.status_code, answer.json()["error"]) == (503, "server_busy")


async def test_the_contacts_of_the_story_are_found_always_alike(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    story = make_story()
    seed(sandbox.state, story)
    found = []
    for business in story.businesses:
        asked = {"full_name": business.contact.name, "domain": business.domain}
        found.append((await ask(client, "find-email/person", asked)).json()["email_status"])
    told = [status_of(business.contact.email) or "not_found" for business in story.businesses]
    assert found == told
    assert {"valid", "not_found"} < set(found)


async def test_mailboxes_and_credits_are_seen_and_changed_on_the_page(
    client: httpx.AsyncClient, finder: Finder
) -> None:
    await ask(client, "find-email/person", CHLOE)
    shown = await client.get("/anymailfinder")
    assert "omar@tremblay-music.example" in shown.text
    assert "chloé tremblay at tremblay-music.example" in shown.text

    form = {"email": "omar@tremblay-music.example", "full_name": "Omar Roy", "status": "valid"}
    changed = await client.post("/pages/anymailfinder/mailbox", data=form)
    assert changed.status_code == 303
    found = (await ask(client, "find-email/person", {**CHLOE, "full_name": "Omar Roy"})).json()
    assert found["valid_email"] == "omar@tremblay-music.example"

    await client.post("/pages/anymailfinder/credits", data={"credits_left": "0"})
    assert (await ask(client, "verify-email", {"email": "a@b.example"})).status_code == 402


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("mailbox", {"email": "nobody", "status": "valid"}),
        ("mailbox", {"email": "a@b.example", "status": "dead"}),
        ("credits", {"credits_left": "-1"}),
    ],
)
async def test_a_wrong_form_is_refused(
    client: httpx.AsyncClient, path: str, form: dict[str, str]
) -> None:
    assert (await client.post(f"/pages/anymailfinder/{path}", data=form)).status_code == 422
