"""Mailgun's "Send an email"; templates, events and stored messages are not played."""

from __future__ import annotations

import base64
import binascii
import math
from http import HTTPStatus

from email_validator import EmailNotValidError, validate_email
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.datastructures import FormData, UploadFile

from sandbox.body import read_form
from sandbox.credentials import CREDENTIALS, same
from sandbox.mailgun.store import Mail, Mails
from sandbox.state import State

LARGEST_MAIL_BYTES = 25 * 1024 * 1024
LONGEST_OPTIONS = 16 * 1024
_BODIES = ("text", "html", "amp-html", "template")
_OPTIONS = ("o:", "h:", "v:", "t:")
_USUAL = {
    401: "Forbidden",
    404: "Not Found",
    413: "Request Entity Too Large",
    500: "Internal Server Error",
}


class MailgunError(Exception):
    """A refusal: a status, and a sentence."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message
        super().__init__(message)


class LimitedError(MailgunError):
    """Too much at once."""

    def __init__(self, wait: float) -> None:
        message = (
            f"Domain {CREDENTIALS.mailgun_domain} is not allowed to send: account-requests-per-sec "
            f"limit exceeded, try again after {math.ceil(wait)} seconds"
        )
        super().__init__(HTTPStatus.TOO_MANY_REQUESTS, message)
        self.wait = wait


def error_answer(_request_id: str, error: MailgunError) -> Response:
    """Build Mailgun's answer to a call that failed; who isn't let in gets a bare word."""
    if error.status == HTTPStatus.UNAUTHORIZED:
        return PlainTextResponse(error.message, status_code=error.status)
    answer = JSONResponse({"message": error.message}, status_code=error.status)
    if isinstance(error, LimitedError):
        answer.headers["Retry-After"] = str(math.ceil(error.wait))
    return answer


def fault_answer(
    request_id: str, status: int | None, _code: str | None, retry_after: str | None
) -> Response:
    """Answer a call that a fault was ordered for."""
    status = status or HTTPStatus.INTERNAL_SERVER_ERROR
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return error_answer(request_id, LimitedError(float(retry_after or 1)))
    return error_answer(
        request_id, MailgunError(status, _USUAL.get(status, "A fault was ordered."))
    )


def _let_in(request: Request) -> None:
    """Check who asks.

    Raises:
        MailgunError: 401.
    """
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, key = base64.b64decode(shown, validate=True).partition(b":")
    except (binascii.Error, ValueError):
        user = key = b""
    right = same(user, "api") & same(key, CREDENTIALS.mailgun_api_key)
    if scheme.lower() != "basic" or not right:
        raise MailgunError(401, "Forbidden")


router = APIRouter(dependencies=[Depends(_let_in)])


@router.post("/{domain}/messages")
async def send(domain: str, request: Request, state: State) -> dict[str, str]:
    """Take a mail."""
    if domain.lower() != CREDENTIALS.mailgun_domain:
        raise MailgunError(404, f"Domain not found: {domain}")
    mails = state.store(Mails)
    wait = mails.limit.take()
    if wait is not None:
        raise LimitedError(wait)
    if len(await request.body()) > LARGEST_MAIL_BYTES:
        raise MailgunError(413, _USUAL[413])
    try:
        form = await read_form(request, LARGEST_MAIL_BYTES)
    except ValueError:
        raise MailgunError(400, "The form can't be read.") from None
    mail = _mail(form)
    mails.add(mail)
    return {"id": mail.id, "message": "Queued. Thank you."}


@router.api_route("/{_rest:anything}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def unknown(_rest: str) -> None:
    """Refuse what is not played here."""
    raise MailgunError(404, "Not Found")


def _mail(form: FormData) -> Mail:
    for name in ("from", "to"):
        if not form.get(name):
            raise MailgunError(400, f"{name} parameter is missing")
    if not any(form.get(name) for name in _BODIES):
        needed = "'text', 'html', 'amp-html' or 'template'"
        raise MailgunError(400, f"Need at least one of {needed} parameters specified")
    options = [(name, value) for name, value in form.multi_items() if name.startswith(_OPTIONS)]
    if sum(len(name) + len(str(value)) for name, value in options) > LONGEST_OPTIONS:
        limited = "parameters starting with o:, h:, v:, or t:"
        raise MailgunError(400, f"Send options ({limited}) are limited to 16KB total")
    recipients = [one for name in ("to", "cc", "bcc") for one in _addresses(form, name)]
    (sender, *_) = _addresses(form, "from")
    files = [one.filename or "" for _, one in form.multi_items() if isinstance(one, UploadFile)]
    return Mail(
        sender=sender,
        to=recipients,
        subject=_text(form, "subject"),
        text=_text(form, "text"),
        html=_text(form, "html"),
        files=files,
    )


def _addresses(form: FormData, name: str) -> list[str]:
    """Read addresses, given as several fields or as one with commas."""
    given = [part for value in form.getlist(name) for part in str(value).split(",")]
    for address in given:
        bare = address[address.find("<") + 1 :].removesuffix(">") if "<" in address else address
        try:
            validate_email(bare.strip(), check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            text = f"{name} parameter is not a valid address. please check documentation"
            raise MailgunError(400, text) from None
    return [address.strip() for address in given]


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
