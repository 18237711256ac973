"""SendGrid's "Mail Send": templates, schedules, batches and its sandbox mode are not played."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from email_validator import EmailNotValidError, validate_email
from fastapi import APIRouter, Depends, Request, Response

from sandbox.body import read_json
from sandbox.credentials import CREDENTIALS, same
from sandbox.sendgrid.errors import SendGridError, rate_headers
from sandbox.sendgrid.store import Mail, Sent
from sandbox.state import State

LARGEST_MAIL_BYTES = 30_000_000
MOST_PERSONALIZATIONS = 1000
_OTHERS = ["GET", "PUT", "PATCH", "DELETE"]


def _let_in(request: Request) -> None:
    """Check who asks.

    Raises:
        SendGridError: 401.
    """
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if not key:
        raise SendGridError(401)
    if scheme.lower() != "bearer" or not same(key, CREDENTIALS.sendgrid_api_key):
        text = "The provided authorization grant is invalid, expired, or revoked"
        raise SendGridError(401, text)


router = APIRouter(dependencies=[Depends(_let_in)])


@router.post("/mail/send", status_code=202)
async def send_mail(request: Request, state: State) -> Response:
    """Take a mail."""
    sent = state.store(Sent)
    if sent.limit.take() is not None:
        raise SendGridError(429, limit=sent.limit)
    if "content-encoding" in request.headers:
        raise SendGridError(400, "Compression is not enabled for this account.")
    body = await request.body()
    if len(body) > LARGEST_MAIL_BYTES:
        raise SendGridError(413)
    try:
        given = read_json(body)
    except ValueError:
        raise SendGridError(400, "Bad Request") from None
    mails = _mails(given)
    for mail in mails:
        sent.add(mail)
    headers = {"X-Message-Id": mails[0].id, **rate_headers(sent.limit)}
    return Response(status_code=HTTPStatus.ACCEPTED, headers=headers)


@router.api_route("/mail/send", methods=_OTHERS)
async def refuse_method() -> None:
    """Refuse all but sending."""
    raise SendGridError(405)


@router.api_route("/{_rest:anything}", methods=["POST", *_OTHERS])
async def unknown(_rest: str) -> None:
    """Refuse what is not played here."""
    raise SendGridError(404)


def _mails(given: object) -> list[Mail]:
    if not isinstance(given, dict):
        raise SendGridError(400, "Bad Request")
    persons = given.get("personalizations")
    if not isinstance(persons, list) or not persons:
        text = "The personalizations field is required and must have at least one personalization."
        raise SendGridError(400, text, "personalizations")
    if len(persons) > MOST_PERSONALIZATIONS:
        text = f"The personalizations array may hold at most {MOST_PERSONALIZATIONS} objects."
        raise SendGridError(400, text, "personalizations")
    sender = _address(given.get("from"), "from")
    content, files = _content(given), _files(given)
    return [
        Mail(
            sender=sender,
            to=_recipients(person, f"personalizations.{number}"),
            subject=_subject(person, given),
            content=content,
            files=files,
        )
        for number, person in enumerate(persons)
    ]


def _recipients(person: object, field: str) -> list[str]:
    given = person if isinstance(person, dict) else {}
    if not given.get("to"):
        text = "The to array is required for all personalization objects, and must have at least"
        raise SendGridError(400, f"{text} one email object with a valid email address.", field)
    found = [
        _address(one, f"{field}.{name}.{number}")
        for name in ("to", "cc", "bcc")
        for number, one in enumerate(_list(given, name, f"{field}.{name}"))
    ]
    if len({address.lower() for address in found}) < len(found):
        text = "Each email address in the personalization block should be unique between to, cc,"
        raise SendGridError(400, f"{text} and bcc.", field)
    return found


def _subject(person: dict[str, Any], given: dict[str, Any]) -> str:
    subject = person.get("subject") or given.get("subject")
    if not isinstance(subject, str) or not subject:
        text = "The subject is required, unless every personalization or a template has one."
        raise SendGridError(400, text, "subject")
    return subject


def _content(given: dict[str, Any]) -> str:
    values = []
    for number, one in enumerate(_list(given, "content", "content")):
        kind, value = (one.get("type"), one.get("value")) if isinstance(one, dict) else (None, None)
        if not (isinstance(kind, str) and kind and isinstance(value, str) and value):
            text = "The content value must be a string at least one character in length."
            raise SendGridError(400, text, f"content.{number}.value")
        values.append(value)
    if not values:
        text = "Unless a valid template_id is provided, the content parameter is required."
        raise SendGridError(400, text, "content")
    return values[0]


def _files(given: dict[str, Any]) -> list[str]:
    names = []
    for number, one in enumerate(_list(given, "attachments", "attachments")):
        name = one.get("filename") if isinstance(one, dict) else None
        if not isinstance(name, str):
            text = "The attachment filename is required."
            raise SendGridError(400, text, f"attachments.{number}.filename")
        names.append(name)
    return names


def _list(given: dict[str, Any], name: str, field: str) -> list[Any]:
    value = given.get(name) or []
    if not isinstance(value, list):
        raise SendGridError(400, f"The {name} parameter must be an array.", field)
    return value


def _address(given: object, field: str) -> str:
    address = given.get("email") if isinstance(given, dict) else None
    if isinstance(address, str):
        try:
            validate_email(address, check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            pass
        else:
            return address
    text = "Does not contain a valid address."
    raise SendGridError(400, text, f"{field}.email")
