from __future__ import annotations

import httpx
import pytest

from sandbox import Sandbox
from sandbox.google.access import Quotas
from sandbox.google.files import DriveStore
from tests.sandbox.google.conftest import GRANT, TOKEN, Google

ABOUT = "/google/drive/v3/about?fields=user"


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"refresh_token": "revoked"}, 400, "invalid_grant"),
    ],
)
async def test_tokens_are_given_for_the_right_grant_only(
    client: httpx.AsyncClient, change: dict[str, str], status: int, error: str
) -> None:
    answer = await client.post(TOKEN, data={**GRANT, **change})

    assert (answer.status_code, answer.json()["error"]) == (status, error)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic wrong"])
async def test_without_a_good_token_nothing_is_told(client: httpx.AsyncClient, header: str) -> None:
    drive = await client.get(ABOUT, headers={"Authorization": header})
    sheets = await client.get("/google/v4/spreadsheets/x", headers={"Authorization": header})

    assert (drive.status_code, sheets.status_code) == (401, 401)
    error = drive.json()["error"]
    assert (error["code"], error["status"]) == (401, "UNAUTHENTICATED")
    assert error["errors"][0]["reason"] == "authError"
    assert "errors" not in sheets.json()["error"]
    assert "Bearer" in drive.headers["www-authenticate"]


async def test_tokens_end_when_they_are_told_to(client: httpx.AsyncClient, google: Google) -> None:
    assert (await google.ask("GET", "/drive/v3/about?fields=user")).status_code == 200
    await client.post("/_control/google/expire-tokens")

    assert (await google.ask("GET", "/drive/v3/about?fields=user")).status_code == 401


async def test_quotas_really_end(sandbox: Sandbox, google: Google) -> None:
    quotas = sandbox.state.store(Quotas)
    file = google.put_sheet(("a",))
    for _ in range(60):
        quotas.sheets_reads.take()
    for _ in range(12_000):
        quotas.drive.take()

    drive = (await google.ask("GET", "/drive/v3/files")).json()["error"]
    sheets = (await google.ask("GET", f"/v4/spreadsheets/{file.id}")).json()["error"]
    write = await google.ask(
        "PUT",
        f"/v4/spreadsheets/{file.id}/values/A1?valueInputOption=RAW",
        json={"values": [["b"]]},
    )

    assert (drive["code"], drive["errors"][0]["reason"]) == (403, "userRateLimitExceeded")
    assert (sheets["code"], sheets["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert sheets["details"][0]["reason"] == "RATE_LIMIT_EXCEEDED"
    assert write.status_code == 200


@pytest.mark.parametrize(
    "path", ["/drive/v3/nonsense", "/drive/v3/files/a/b/c", "/upload/drive/v3/x", "/v4/other"]
)
async def test_what_google_does_not_know_is_its_own_404(google: Google, path: str) -> None:
    answer = await google.ask("GET", path)

    assert answer.status_code == 404
    assert answer.json()["error"]["errors"][0]["reason"] == "notFound"


async def test_faults_speak_as_google_does(client: httpx.AsyncClient, google: Google) -> None:
    fault = {"service": "google", "kind": "rate_limit", "retry_after": 7}
    await client.post("/_control/faults", json=fault)

    answer = await google.ask("GET", "/drive/v3/files")

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.json()["error"]["errors"][0]["reason"] == "rateLimitExceeded"


async def test_faults_spare_pages_and_tokens(client: httpx.AsyncClient, google: Google) -> None:
    file = google.put()
    await client.post("/_control/faults", json={"service": "google", "kind": "error"})

    assert (await client.get(f"/google/files/{file.id}")).status_code == 200
    assert (await client.post(TOKEN, data=GRANT)).status_code == 200
    assert (await google.ask("GET", "/drive/v3/files")).status_code == 503
    paths = [call["path"] for call in (await client.get("/_control/calls")).json()]
    assert not any(path.startswith("/google/files") for path in paths)


async def test_a_believable_company_has_files(client: httpx.AsyncClient, google: Google) -> None:
    held = (await client.post("/_control/seed")).json()["google"]
    everywhere = {"supportsAllDrives": "true", "includeItemsFromAllDrives": "true"}
    names = {one["name"] for one in (await google.get("/drive/v3/files", **everywhere))["files"]}
    drives = await google.get("/drive/v3/drives")

    assert held == "6 files, 0 channels"
    assert {"Orders", "leads 2026-09 01.csv"} <= names
    assert [drive["name"] for drive in drives["drives"]] == ["Sales"]


async def test_reset_forgets_all_but_tokens(client: httpx.AsyncClient, google: Google) -> None:
    google.put()
    await client.post("/_control/reset")

    assert await google.get("/drive/v3/files", fields="files") == {"files": []}
    assert isinstance(google.store, DriveStore)
