from __future__ import annotations

from email.message import EmailMessage

import httpx
import pytest

from sandbox import Sandbox
from sandbox.mail.store import MailStore

SHOP = "repairs@shop.example.com"
EVIL = "<script>alert(1)</script>"
PIXEL = b"\x89PNG\r\n\x1a\nnot really"


@pytest.fixture
def mail_id(sandbox: Sandbox) -> str:
    mail = EmailMessage()
    mail["From"] = f"Shop <{SHOP}>"
    mail["To"] = "Ann <ann@example.org>"
    mail["Bcc"] = "boss@example.org"
    mail["Subject"] = f"Quote {EVIL}"
    mail.set_content("plain text")
    mail.add_alternative('<img src="cid:logo@x"><a href="https://x.example">go</a>', subtype="html")
    mail.add_attachment(PIXEL, maintype="image", subtype="png", filename="logo.png", cid="<logo@x>")
    mail.add_attachment(EVIL.encode(), maintype="text", subtype="html", filename="evil.html")
    sandbox.state.store(MailStore).submit(
        mail.as_bytes(),
        sender=SHOP,
        via="smtp",
        recipients=["ann@example.org", "boss@example.org"],
    )
    return sandbox.state.store(MailStore).find(mailbox="ann@example.org")[0].id


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", ["Stand-ins", 'href="/mail"', 'href="/claude"', 'href="/slack"']),
        ("/mail", ["ann@example.org", "boss@example.org", "Quote &lt;script&gt;"]),
        ("/mail?mailbox=nobody@example.org", ["Nothing here yet"]),
        (f"/mail?mailbox={SHOP}&folder=sentitems", ["Quote &lt;script&gt;"]),
        ("/mail/{id}", ["plain text", "sandbox=", "logo.png", "Shop &lt;", "All headers"]),
        ("/claude", ["Nobody has asked yet"]),
        ("/slack", ["No messages yet"]),
    ],
)
async def test_pages_show_what_there_is_as_text(
    client: httpx.AsyncClient, mail_id: str, path: str, words: list[str]
) -> None:
    page = await client.get(path.format(id=mail_id))
    assert page.status_code == 200
    assert all(word in page.text for word in words)
    assert EVIL not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


async def test_claude_and_slack_pages_show_what_was_asked_and_posted(
    client: httpx.AsyncClient,
) -> None:
    await client.post(
        "/claude/v1/messages",
        headers={"x-api-key": "sandbox-key", "anthropic-version": "2023-06-01"},
        json={
            "model": "claude-sonnet-5-5",
            "max_tokens": 900,
            "messages": [{"role": "user", "content": f"PS5: no picture {EVIL}"}],
        },
    )
    await client.post(
        "/slack/api/chat.postMessage",
        headers={"Authorization": "Bearer xoxb-sandbox"},
        json={"channel": "#repairs", "text": EVIL, "blocks": [{"type": "divider"}]},
    )
    await client.post("/_control/faults", json={"service": "smtp", "kind": "reset", "count": 3})
    claude, slack = (await client.get("/claude")).text, (await client.get("/slack")).text
    assert "HDMI port damaged" in claude
    assert "no picture" in claude
    assert "#repairs" in slack
    assert "divider" in slack
    assert EVIL not in claude + slack
    index = (await client.get("/")).text
    assert "chat.postMessage" in index
    assert "3 more" in index


async def test_the_html_of_a_mail_can_run_nothing_and_load_nothing(
    client: httpx.AsyncClient, mail_id: str
) -> None:
    page = await client.get(f"/mail/{mail_id}/html")
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert 'src="data:image/png;base64,' in page.text


async def test_attachments_are_shown_only_when_they_are_images(
    client: httpx.AsyncClient, mail_id: str
) -> None:
    image = await client.get(f"/mail/{mail_id}/attachments/1")
    assert (image.headers["content-type"], image.content) == ("image/png", PIXEL)
    html = await client.get(f"/mail/{mail_id}/attachments/2")
    assert html.headers["content-type"] == "application/octet-stream"
    assert html.headers["content-disposition"] == "attachment"


@pytest.mark.parametrize("path", ["/mail/x", "/mail/{id}/attachments/3"])
async def test_what_is_not_there_is_404(client: httpx.AsyncClient, mail_id: str, path: str) -> None:
    assert (await client.get(path.format(id=mail_id))).status_code == 404
