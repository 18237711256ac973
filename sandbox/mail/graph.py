"""Microsoft Graph's mail endpoints.

Sending answers 202 without a body and keeps a copy in Sent Items, where it is found by
``internetMessageId``, which is the MIME Message-ID.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

from sandbox.mail.folders import WELL_KNOWN, Folder
from sandbox.mail.graph_message import OutgoingMessage, SendMailRequest, to_json, to_mime
from sandbox.mail.message import MalformedMailError, is_address
from sandbox.mail.odata import QueryError, query, select
from sandbox.mail.store import MailStore, NoRecipientsError, StoredMail
from sandbox.mail.tokens import Tokens
from sandbox.state import SandboxState, State

MAX_REQUEST_BYTES = 4_000_000

_Model = TypeVar("_Model", bound=BaseModel)

_DEFAULT_CODES = {
    400: "BadRequest",
    401: "InvalidAuthenticationToken",
    403: "ErrorAccessDenied",
    404: "ErrorItemNotFound",
    413: "RequestEntityTooLarge",
    429: "ApplicationThrottled",
    500: "InternalServerError",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}


class GraphError(Exception):
    """A refusal, as Graph words it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.code = code
        self.message = message
        super().__init__(f"{code}: {message}")


def error_answer(request_id: str, error: GraphError, retry_after: str | None = None) -> Response:
    """Build Graph's error body, with its headers."""
    headers = {}
    if retry_after is not None:
        headers["Retry-After"] = retry_after
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="", error="invalid_token"'
    inner = {
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": request_id,
        "client-request-id": request_id,
    }
    body = {"error": {"code": error.code, "message": error.message, "innerError": inner}}
    return JSONResponse(body, status_code=error.status, headers=headers)


def fault_answer(
    request_id: str, status: int | None, code: str | None, retry_after: str | None
) -> Response:
    """Answer a call that a fault was ordered for."""
    status = status or HTTPStatus.SERVICE_UNAVAILABLE
    code = code or _DEFAULT_CODES.get(status, "UnknownError")
    return error_answer(request_id, GraphError(status, code, "A fault was ordered."), retry_after)


def _require_token(request: Request, state: State) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise GraphError(401, "InvalidAuthenticationToken", "Access token is empty.")
    if not state.store(Tokens).is_good(token):
        text = "Access token has expired or is not yet valid."
        raise GraphError(401, "InvalidAuthenticationToken", text)


def _mailbox_of(user: str) -> str:
    if not is_address(user):
        text = f"The requested user '{user}' is invalid."
        raise GraphError(404, "ErrorInvalidUser", text)
    return user.lower()


def _message_of(state: SandboxState, user: str, message_id: str) -> StoredMail:
    stored = state.store(MailStore).get(message_id)
    if stored is None or stored.mailbox != _mailbox_of(user):
        text = "The specified object was not found in the store."
        raise GraphError(404, "ErrorItemNotFound", text)
    return stored


router = APIRouter(dependencies=[Depends(_require_token)])


@router.post("/users/{user}/sendMail")
@router.post("/users/{user}/microsoft.graph.sendMail")
async def send_mail(user: str, request: Request, state: State) -> Response:
    """Send a message given as MIME in base64, or as JSON."""
    mailbox = _mailbox_of(user)
    body = await _body(request)
    if _is_json(request):
        sending = _parse(SendMailRequest, body)
        raw = _mime(sending.message, mailbox)
        keep = sending.save_to_sent_items
    else:
        raw, keep = _decoded(body), True
    with _refusals():
        state.store(MailStore).submit(raw, sender=mailbox, via="graph", keep_sent=keep)
    return Response(status_code=HTTPStatus.ACCEPTED)


@router.post("/users/{user}/messages")
async def create_draft(user: str, request: Request, state: State) -> Response:
    """Keep a draft given as MIME in base64, or as JSON."""
    mailbox = _mailbox_of(user)
    body = await _body(request)
    json_form = _is_json(request)
    raw = _mime(_parse(OutgoingMessage, body), mailbox) if json_form else _decoded(body)
    with _refusals():
        draft = state.store(MailStore).add_draft(raw, mailbox=mailbox)
    return JSONResponse(to_json(draft), status_code=HTTPStatus.CREATED)


@router.post("/users/{user}/messages/{message_id}/send")
@router.post("/users/{user}/messages/{message_id}/microsoft.graph.send")
async def send_draft(user: str, message_id: str, state: State) -> Response:
    """Send a draft."""
    draft = _message_of(state, user, message_id)
    if draft.folder != "drafts":
        raise GraphError(400, "ErrorInvalidOperation", "Only a draft can be sent.")
    with _refusals():
        state.store(MailStore).send_draft(draft)
    return Response(status_code=HTTPStatus.ACCEPTED)


@router.get("/users/{user}/messages")
async def list_messages(user: str, request: Request, state: State) -> dict[str, Any]:
    """List the messages of all folders."""
    return _list(request, state.store(MailStore).find(mailbox=_mailbox_of(user)))


@router.get("/users/{user}/messages/{message_id}")
async def get_message(user: str, message_id: str, request: Request, state: State) -> dict[str, Any]:
    """Return one message."""
    stored = _message_of(state, user, message_id)
    return select(_document(stored, request), request.query_params)


@router.get("/users/{user}/messages/{message_id}/$value")
async def get_mime(user: str, message_id: str, state: State) -> Response:
    """Return one message as MIME."""
    return Response(_message_of(state, user, message_id).mail.raw, media_type="text/plain")


@router.get("/users/{user}/mailFolders/{folder}")
async def get_folder(user: str, folder: str, state: State) -> dict[str, Any]:
    """Describe a well-known folder."""
    name = _folder(folder)
    kept = state.store(MailStore).find(mailbox=_mailbox_of(user), folders=[name])
    return {
        "id": name,
        "displayName": WELL_KNOWN[name],
        "childFolderCount": 0,
        "totalItemCount": len(kept),
        "unreadItemCount": sum(not stored.is_read for stored in kept),
    }


@router.get("/users/{user}/mailFolders/{folder}/messages")
async def list_folder(user: str, folder: str, request: Request, state: State) -> dict[str, Any]:
    """List the messages of a folder."""
    kept = state.store(MailStore).find(mailbox=_mailbox_of(user), folders=[_folder(folder)])
    return _list(request, kept)


@contextmanager
def _refusals() -> Iterator[None]:
    """Answer as Graph does what the store refuses."""
    try:
        yield
    except NoRecipientsError as error:
        raise GraphError(400, "ErrorInvalidRecipients", str(error)) from error
    except MalformedMailError as error:
        raise GraphError(400, "ErrorMimeContentInvalid", str(error)) from error


async def _body(request: Request) -> bytes:
    body = await request.body()
    if len(body) > MAX_REQUEST_BYTES:
        raise GraphError(413, "ErrorMessageSizeExceeded", "The message exceeds the maximum size.")
    return body


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {"application/json", "text/plain"}:
        text = "The Content-Type must be application/json, or text/plain with MIME in base64."
        raise GraphError(415, "RequestBodyRead", text)
    return kind == "application/json"


def _decoded(body: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(body.split()), validate=True)
    except binascii.Error:
        text = "Invalid base64 string for MIME content."
        raise GraphError(400, "ErrorMimeContentInvalidBase64String", text) from None


def _parse(model: type[_Model], body: bytes) -> _Model:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise GraphError(400, "RequestBodyRead", f"{where}: {first['msg']}") from None


def _mime(message: OutgoingMessage, sender: str) -> bytes:
    with _refusals():
        return to_mime(message, sender)


def _folder(name: str) -> Folder:
    folder = name.lower()
    if folder not in WELL_KNOWN:
        raise GraphError(404, "ErrorItemNotFound", "The specified folder was not found.")
    return folder


def _document(stored: StoredMail, request: Request) -> dict[str, Any]:
    with_headers = "internetMessageHeaders" in request.query_params.get("$select", "")
    return to_json(stored, with_headers=with_headers)


def _list(request: Request, kept: list[StoredMail]) -> dict[str, Any]:
    """Answer one page, newest first."""
    options = request.query_params
    try:
        page = query([_document(stored, request) for stored in reversed(kept)], options)
    except QueryError as error:
        raise GraphError(400, "BadRequest", str(error)) from None
    answer: dict[str, Any] = {
        "@odata.context": f"{request.base_url}graph/v1.0/$metadata#messages",
        "value": [select(item, options) for item in page.items],
    }
    if page.next_skip is not None:
        following = {**options, "$skip": str(page.next_skip)}
        url = request.url.replace(query=urlencode(following, safe="$"))
        answer["@odata.nextLink"] = str(url)
    return answer
