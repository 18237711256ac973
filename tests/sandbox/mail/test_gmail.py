from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Callable

import pytest

from sandbox import Sandbox
from sandbox.mail.store import MailStore
from tests.sandbox.mail.gmail_kit import ANN, HUB, Gmail, WriteMail, base64url, problem


async def test_what_is_sent_lies_in_sent_and_in_the_recipients_inbox(
    sandbox: Sandbox, gmail: Gmail, write_mail: WriteMail
) -> None:
    sent = await gmail.send(write_mail(Bcc="bob@example.org"))

    assert sent["labelIds"] == ["SENT"]
    assert await gmail.found("in:sent rfc822msgid:one@shop.example.com") == [sent["id"]]
    (arrived,) = sandbox.state.store(MailStore).find(mailbox=ANN)
    assert (arrived.folder, arrived.via) == ("inbox", "gmail")
    assert b"bob@example.org" not in arrived.mail.raw
    assert len(sandbox.state.store(MailStore).find(mailbox="bob@example.org")) == 1


async def test_a_message_is_read_in_each_form(gmail: Gmail, deliver: Callable[..., str]) -> None:
    mail_id = deliver(Subject="Écran cassé")

    minimal = await gmail.get(f"/messages/{mail_id}", format="minimal")
    metadata = await gmail.get(
        f"/messages/{mail_id}", format="metadata", metadataHeaders=["subject", "Message-ID"]
    )
    full = await gmail.get(f"/messages/{mail_id}")
    raw = await gmail.get(f"/messages/{mail_id}", format="raw")

    assert minimal.keys() == {
        *("id", "threadId", "labelIds", "snippet", "historyId", "internalDate", "sizeEstimate")
    }
    assert minimal["labelIds"] == ["UNREAD", "INBOX"]
    assert minimal["snippet"] == "Hello, it's ready."
    told = {one["name"]: one["value"] for one in metadata["payload"]["headers"]}
    assert told == {"Subject": "Écran cassé", "Message-ID": "<1@example.org>"}
    plain, html = full["payload"]["parts"]
    assert (plain["partId"], plain["mimeType"]) == ("0", "text/plain")
    assert urlsafe_b64decode(plain["body"]["data"]).strip() == b"Hello, it's ready."
    assert html["body"]["size"] == len(urlsafe_b64decode(html["body"]["data"]))
    assert b"Message-ID: <1@example.org>" in urlsafe_b64decode(raw["raw"])


async def test_an_attachment_is_fetched_by_its_id(
    sandbox: Sandbox, gmail: Gmail, write_mail: WriteMail
) -> None:
    mail = write_mail()
    mail.add_attachment(b"\xff\xd8photo", maintype="image", subtype="jpeg", filename="tv.jpg")
    stored = sandbox.state.store(MailStore).deliver(bytes(mail), mailbox=HUB)

    part = (await gmail.get(f"/messages/{stored.id}"))["payload"]["parts"][1]
    path = f"/messages/{stored.id}/attachments/"
    content = await gmail.get(path + part["body"]["attachmentId"])

    assert (part["filename"], part["body"]["size"], "data" in part["body"]) == ("tv.jpg", 7, False)
    assert urlsafe_b64decode(content["data"]) == b"\xff\xd8photo"
    assert problem(await gmail.ask("GET", path + "ANGother"))[:2] == (400, "invalidArgument")
    assert await gmail.found("has:attachment") == [stored.id]


@pytest.mark.parametrize("with_metadata", [False, True])
async def test_a_message_may_be_uploaded_as_it_is(
    sandbox: Sandbox,
    gmail: Gmail,
    write_mail: WriteMail,
    with_metadata: bool,  # noqa: FBT001
) -> None:
    raw, kind = bytes(write_mail()), "message/rfc822"
    if with_metadata:
        kind = "multipart/related; boundary=b1"
        raw = (
            b"--b1\r\nContent-Type: application/json\r\n\r\n{}\r\n"
            b"--b1\r\nContent-Type: message/rfc822\r\n\r\n" + raw + b"\r\n--b1--\r\n"
        )
    url = f"/google/upload/gmail/v1/users/{HUB}/messages/send"
    how = {"uploadType": "multipart" if with_metadata else "media"}

    answer = await gmail.ask("POST", url, params=how, content=raw, headers={"Content-Type": kind})

    assert answer.status_code == 200
    (arrived,) = sandbox.state.store(MailStore).find(mailbox=ANN)
    assert arrived.mail.message_id == "<one@shop.example.com>"
    assert arrived.mail.html.strip() == "<p>Hello, it's <b>ready</b>.</p>"


@pytest.mark.parametrize("malformed", ["<a@b@example.com>", "<a@laptop.>", "not-an-id"])
async def test_a_malformed_message_id_is_replaced_and_kept_beside(
    gmail: Gmail, write_mail: WriteMail, malformed: str
) -> None:
    raw = bytes(write_mail()).replace(b"<one@shop.example.com>", malformed.encode())

    sent = await gmail.post("/messages/send", raw=base64url(raw))

    headers = (await gmail.get(f"/messages/{sent['id']}", format="metadata"))["payload"]["headers"]
    told = {one["name"]: one["value"] for one in headers}
    assert told["Message-ID"].endswith("@mx.google.com>")
    assert told["X-Google-Original-Message-ID"] == malformed
    assert await gmail.found(f"rfc822msgid:{malformed}") == []


async def test_a_reply_joins_its_thread(
    gmail: Gmail, deliver: Callable[..., str], write_mail: WriteMail
) -> None:
    asked = await gmail.get(f"/messages/{deliver()}", format="minimal")
    reply = write_mail(**{"In-Reply-To": "<1@example.org>", "References": "<1@example.org>"})

    sent = await gmail.send(reply, threadId=asked["threadId"])
    await gmail.send(write_mail("<other@example.com>"))

    assert sent["threadId"] == asked["threadId"]
    thread = await gmail.get(f"/threads/{sent['threadId']}", format="metadata")
    assert [one["id"] for one in thread["messages"]] == [asked["id"], sent["id"]]
    threads = (await gmail.get("/threads"))["threads"]
    assert len(threads) == 2
    assert threads[1]["id"] == sent["threadId"]


@pytest.mark.parametrize(
    ("q", "finds"),
    [
        ("", True),
        ("rfc822msgid:<1@example.org>", True),
        ("rfc822msgid:2@example.org", False),
        ("from:ann@example.org subject:repair is:unread in:inbox", True),
        ("from:bob", False),
        ("-from:bob to:hub", True),
        ("-in:inbox", False),
        ('"ready" your', True),
        ("is:starred", False),
        ("newer_than:1d", True),
        ("older_than:1d", False),
        ("after:2020/01/01 before:2100-01-01", True),
        ("after:4000000000", False),
        ("after:yesterday", False),
        ("label:inbox", True),
        ("has:nouserlabels", True),
        ("has:attachment", False),
        ("smells:good", False),
    ],
)
async def test_searches(gmail: Gmail, deliver: Callable[..., str], q: str, finds: bool) -> None:  # noqa: FBT001
    mail_id = deliver()

    assert await gmail.found(q) == ([mail_id] if finds else [])


async def test_lists_come_newest_first_in_pages(gmail: Gmail, deliver: Callable[..., str]) -> None:
    ids = [deliver(f"<{number}@example.org>") for number in range(5)]

    first = await gmail.get("/messages", maxResults=2)
    second = await gmail.get("/messages", maxResults=2, pageToken=first["nextPageToken"])
    third = await gmail.get("/messages", maxResults=2, pageToken=second["nextPageToken"])

    listed = [one["id"] for page in (first, second, third) for one in page["messages"]]
    assert listed == ids[::-1]
    assert "nextPageToken" not in third
    assert first["resultSizeEstimate"] == 5


async def test_labels_move_and_mark(
    sandbox: Sandbox, gmail: Gmail, deliver: Callable[..., str]
) -> None:
    mail_id = deliver()
    suppliers = (await gmail.post("/labels", name="Suppliers"))["id"]
    kept = sandbox.state.store(MailStore)

    both = await gmail.post(f"/messages/{mail_id}/modify", addLabelIds=[suppliers, "STARRED"])
    assert set(both["labelIds"]) == {"UNREAD", "STARRED", "INBOX", suppliers}
    assert await gmail.found(labelIds=[suppliers, "INBOX"]) == [mail_id]
    moved = await gmail.post(f"/messages/{mail_id}/modify", removeLabelIds=["INBOX", "UNREAD"])
    assert set(moved["labelIds"]) == {"STARRED", suppliers}
    assert kept.find()[0].folder == suppliers.removeprefix("Label_")
    assert kept.find()[0].is_read
    archived = await gmail.post(f"/messages/{mail_id}/modify", removeLabelIds=[suppliers])
    assert archived["labelIds"] == ["STARRED"]
    assert kept.find()[0].folder == "archive"

    label = await gmail.get("/labels/STARRED")
    assert (label["messagesTotal"], label["messagesUnread"], label["type"]) == (1, 0, "system")
    names = {one["name"]: one["type"] for one in (await gmail.get("/labels"))["labels"]}
    assert names["Suppliers"] == "user"
    assert names["INBOX"] == "system"


async def test_trash_hides_a_message_from_lists(gmail: Gmail, deliver: Callable[..., str]) -> None:
    mail_id = deliver()

    trashed = await gmail.post(f"/messages/{mail_id}/trash")

    assert "TRASH" in trashed["labelIds"]
    assert "INBOX" not in trashed["labelIds"]
    assert await gmail.found() == []
    for more in ({"q": "in:trash"}, {"labelIds": "TRASH"}, {"includeSpamTrash": "true"}):
        assert await gmail.found(**more) == [mail_id]
    assert "TRASH" not in (await gmail.post(f"/messages/{mail_id}/untrash"))["labelIds"]


async def test_many_are_labeled_at_once(gmail: Gmail, deliver: Callable[..., str]) -> None:
    ids = [deliver(f"<{number}@example.org>") for number in range(3)]

    body = {"ids": [*ids[:2], "unknown"], "removeLabelIds": ["UNREAD"]}
    answer = await gmail.ask("POST", "/messages/batchModify", json=body)

    assert answer.status_code == 204
    assert await gmail.found("is:unread") == [ids[2]]


async def test_history_tells_what_happened_since(gmail: Gmail, deliver: Callable[..., str]) -> None:
    start = (await gmail.get("/profile"))["historyId"]
    mail_id = deliver()
    await gmail.post(f"/messages/{mail_id}/modify", removeLabelIds=["UNREAD"])
    await gmail.post(f"/messages/{mail_id}/trash")
    await gmail.ask("DELETE", f"/messages/{mail_id}")

    told = await gmail.get("/history", startHistoryId=start)

    kinds = [next(key for key in one if key not in ("id", "messages")) for one in told["history"]]
    assert kinds == [
        *("messagesAdded", "labelsRemoved", "labelsRemoved", "labelsAdded", "messagesDeleted")
    ]
    _, read, left, trashed, _ = told["history"]
    assert read["labelsRemoved"][0]["labelIds"] == ["UNREAD"]
    assert left["labelsRemoved"][0]["labelIds"] == ["INBOX"]
    assert trashed["labelsAdded"][0]["labelIds"] == ["TRASH"]
    assert trashed["labelsAdded"][0]["message"]["id"] == mail_id
    numbers = [int(one["id"]) for one in told["history"]]
    assert numbers == sorted(numbers)
    assert int(told["historyId"]) >= numbers[-1] > int(start)
    later = await gmail.get("/history", startHistoryId=told["historyId"])
    assert later == {"historyId": told["historyId"]}


async def test_history_comes_in_pages_and_by_kind_and_label(
    gmail: Gmail, deliver: Callable[..., str]
) -> None:
    start = (await gmail.get("/profile"))["historyId"]
    for number in range(3):
        deliver(f"<{number}@example.org>")

    first = await gmail.get("/history", startHistoryId=start, maxResults=2)
    rest = await gmail.get("/history", startHistoryId=start, pageToken=first["nextPageToken"])
    deleted = await gmail.get(
        "/history", startHistoryId=start, historyTypes=["messageDeleted", "labelAdded"]
    )
    sent = await gmail.get("/history", startHistoryId=start, labelId="SENT")

    assert (len(first["history"]), len(rest["history"])) == (2, 1)
    assert "history" not in deleted
    assert "history" not in sent


async def test_history_that_is_forgotten_is_not_found(
    sandbox: Sandbox, gmail: Gmail, deliver: Callable[..., str]
) -> None:
    deliver()
    start = (await gmail.get("/profile"))["historyId"]
    sandbox.state.store(MailStore).clear()
    ahead = int((await gmail.get("/profile"))["historyId"]) + 1

    for gone in (start, "0", str(ahead)):
        answer = await gmail.ask("GET", "/history", params={"startHistoryId": gone})
        assert problem(answer) == (404, "notFound", "NOT_FOUND")


async def test_watching_needs_a_topic(gmail: Gmail) -> None:
    watched = await gmail.post("/watch", topicName="projects/noizy/topics/mail")
    refused = await gmail.ask("POST", "/watch", json={"topicName": "mail"})
    stopped = await gmail.ask("POST", "/stop")

    assert watched.keys() == {"historyId", "expiration"}
    assert problem(refused)[:2] == (400, "invalidArgument")
    assert stopped.status_code == 204
