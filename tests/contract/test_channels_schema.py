"""The stand-ins of further channels, driven from the vendors' contracts."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from sandbox.credentials import CREDENTIALS
from sandbox.discord.store import Posts
from sandbox.mailgun.store import Mails
from sandbox.sendgrid.store import Sent
from sandbox.server import Sandbox
from sandbox.windows import RateLimit
from tests.contract.contracts import discord, mailgun, sendgrid
from tests.contract.driving import Known, drive, seeded_sandbox

pytestmark = pytest.mark.thorough

WEBHOOK = Known(
    path={"webhook_id": ["100000000000000001"], "webhook_token": ["sandbox-token"]},
    body=[{"content": "The repair is done."}],
)
FORM = Known(
    path={"domain_name": [CREDENTIALS.mailgun_domain]},
    body=[
        {
            "from": "Shop <shop@mg.sandbox.example.com>",
            "to": ["ann@example.org"],
            "subject": "The repair is done.",
            "text": "Come and get it.",
        }
    ],
)
MAIL = Known(
    body=[
        {
            "personalizations": [{"to": [{"email": "ann@example.org"}]}],
            "from": {"email": "shop@example.com"},
            "subject": "The repair is done.",
            "content": [{"type": "text/plain", "value": "Come and get it."}],
        }
    ],
)
BASIC = base64.b64encode(f"api:{CREDENTIALS.mailgun_api_key}".encode()).decode()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with seeded_sandbox() as running:
        for store in (Posts, Mails, Sent):
            running.state.store(store).limit = RateLimit(1_000_000, 1.0)  # type: ignore[attr-defined]
        yield running


def test_discord_answers_by_its_contract(sandbox: Sandbox) -> None:
    url, contract = f"{sandbox.url}/discord", discord.CONTRACTS["discord"]
    drive(contract, "execute_webhook", url, headers={}, known=WEBHOOK)


def test_mailgun_answers_by_its_contract(sandbox: Sandbox) -> None:
    url, contract = f"{sandbox.url}/mailgun", mailgun.CONTRACTS["mailgun"]
    operation, key = f"POST {mailgun.OPERATION}", {"Authorization": f"Basic {BASIC}"}
    drive(contract, operation, url, headers=key, known=FORM)


def test_sendgrid_answers_by_its_contract(sandbox: Sandbox) -> None:
    url, contract = f"{sandbox.url}/sendgrid", sendgrid.CONTRACTS["sendgrid"]
    key = {"Authorization": f"Bearer {CREDENTIALS.sendgrid_api_key}"}
    drive(contract, "SendMail", url, headers=key, known=MAIL)
