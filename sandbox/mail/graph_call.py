"""What all of Graph's endpoints for mail share: refusals, ids, bodies, lists."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

from sandbox.mail.folders import WELL_KNOWN, Folder, FolderError, MailboxFolder
from sandbox.mail.graph_message import OutgoingMessage, to_json, to_mime
from sandbox.mail.message import MalformedMailError, is_address
from sandbox.mail.odata import Item, QueryError, query, select
from sandbox.mail.store import MailStore, NoRecipientsError, StoredMail
from sandbox.state import SandboxState

MAX_REQUEST_BYTES = 4_000_000

Model = TypeVar("Model", bound=BaseModel)

_DEFAULT_CODES = {
    400: "BadRequest",
    401: "InvalidAuthenticationToken",
    403: "ErrorAccessDenied",
    404: "ErrorItemNotFound",
    410: "SyncStateNotFound",
    413: "RequestEntityTooLarge",
    429: "ApplicationThrottled",
    500: "InternalServerError",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}


_IMMUTABLE = 'idtype="immutableid"'
_ID_LENGTH = 32


class GraphError(Exception):
    """A refusal, as Graph words it."""

    def __init__(
        self, status: int, code: str, message: str, retry_after: str | None = None
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after
        super().__init__(f"{code}: {message}")


def error_answer(request_id: str, error: GraphError) -> Response:
    """Build Graph's error body, with its headers."""
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = error.retry_after
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
    return error_answer(request_id, GraphError(status, code, "A fault was ordered.", retry_after))


def mailbox_of(user: str) -> str:
    """Return the address of a user's mailbox.

    Raises:
        GraphError: it is no address.
    """
    if not is_address(user):
        text = f"The requested user '{user}' is invalid."
        raise GraphError(404, "ErrorInvalidUser", text)
    return user.lower()


def message_of(state: SandboxState, user: str, message_id: str) -> StoredMail:
    """Return a message by an id of either kind.

    Raises:
        GraphError: it isn't there; an id that isn't immutable ends when a message moves.
    """
    stored = state.store(MailStore).get(message_id[:_ID_LENGTH])
    tail = message_id[_ID_LENGTH:]
    if (
        stored is None
        or stored.mailbox != mailbox_of(user)
        or tail not in ("", _tail(stored.folder, stored.uid))
    ):
        text = "The specified object was not found in the store."
        raise GraphError(404, "ErrorItemNotFound", text)
    return stored


def shown_id(request: Request, mail_id: str, folder: Folder, uid: int) -> str:
    """Return a message's id as the caller wants it: it stays only if that is asked for."""
    wants_immutable = _IMMUTABLE in request.headers.get("prefer", "").lower()
    return mail_id if wants_immutable else mail_id + _tail(folder, uid)


def folder_id(mailbox: str, folder: Folder) -> str:
    """Return Graph's id of a folder; well-known names are no ids."""
    return f"AAMk{hashlib.sha256(f'{mailbox.lower()}/{folder}'.encode()).hexdigest()[:44]}"


def folder_of(state: SandboxState, user: str, name: str) -> MailboxFolder:
    """Return a folder by its id or its well-known name.

    Raises:
        GraphError: there is none.
    """
    mailbox = mailbox_of(user)
    for folder in state.store(MailStore).folders.of(mailbox):
        well_known = folder.id in WELL_KNOWN and folder.id == name.lower()
        if well_known or folder_id(mailbox, folder.id) == name:
            return folder
    raise GraphError(404, "ErrorItemNotFound", "The specified folder was not found.")


@contextmanager
def refusals() -> Iterator[None]:
    """Answer as Graph does what the store refuses."""
    try:
        yield
    except NoRecipientsError as error:
        raise GraphError(400, "ErrorInvalidRecipients", str(error)) from error
    except MalformedMailError as error:
        raise GraphError(400, "ErrorMimeContentInvalid", str(error)) from error
    except FolderError as error:
        raise GraphError(409, "ErrorFolderExists", str(error)) from error


async def read_body(request: Request) -> bytes:
    """Return a request's body.

    Raises:
        GraphError: it is too large.
    """
    body = await request.body()
    if len(body) > MAX_REQUEST_BYTES:
        raise GraphError(413, "ErrorMessageSizeExceeded", "The message exceeds the maximum size.")
    return body


async def read_mime(request: Request, mailbox: str) -> bytes:
    """Return the message in a request's body, written as MIME in base64 or as JSON.

    Raises:
        GraphError: there is none that can be read.
    """
    body = await read_body(request)
    return write_mime(parse(OutgoingMessage, body), mailbox) if is_json(request) else decoded(body)


def is_json(request: Request) -> bool:
    """Tell whether a message is in its JSON form, and not MIME in base64.

    Raises:
        GraphError: it is neither.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {"application/json", "text/plain"}:
        text = "The Content-Type must be application/json, or text/plain with MIME in base64."
        raise GraphError(415, "RequestBodyRead", text)
    return kind == "application/json"


def decoded(body: bytes) -> bytes:
    """Return the MIME of a body.

    Raises:
        GraphError: it isn't base64.
    """
    try:
        return base64.b64decode(b"".join(body.split()), validate=True)
    except binascii.Error:
        text = "Invalid base64 string for MIME content."
        raise GraphError(400, "ErrorMimeContentInvalidBase64String", text) from None


def parse(model: type[Model], body: bytes) -> Model:
    """Read a body of JSON.

    Raises:
        GraphError: it is not what is expected.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise GraphError(400, "RequestBodyRead", f"{where}: {first['msg']}") from None


def write_mime(message: OutgoingMessage, sender: str) -> bytes:
    """Write a message of JSON as MIME.

    Raises:
        GraphError: it can't be written.
    """
    with refusals():
        return to_mime(message, sender)


def document(stored: StoredMail, request: Request) -> dict[str, Any]:
    """Write a message as the caller wants it, with all its properties."""
    with_headers = "internetMessageHeaders" in request.query_params.get("$select", "")
    return {
        **to_json(stored, with_headers=with_headers),
        "id": shown_id(request, stored.id, stored.folder, stored.uid),
        "parentFolderId": folder_id(stored.mailbox, stored.folder),
    }


def list_page(request: Request, items: Sequence[Item], kind: str) -> dict[str, Any]:
    """Answer one page of a list.

    Raises:
        GraphError: its query can't be used.
    """
    options = request.query_params
    _refuse_complex(options.get("$filter", ""), options.get("$orderby", ""))
    try:
        page = query(list(items), options)
    except QueryError as error:
        raise GraphError(400, "BadRequest", str(error)) from None
    answer: dict[str, Any] = {
        "@odata.context": f"{request.base_url}graph/v1.0/$metadata#{kind}",
        "value": [select(item, options) for item in page.items],
    }
    if page.next_skip is not None:
        following = {**options, "$skip": str(page.next_skip)}
        url = request.url.replace(query=urlencode(following, safe="$"))
        answer["@odata.nextLink"] = str(url)
    return answer


def _refuse_complex(restriction: str, order: str) -> None:
    """Refuse to sort by what isn't filtered by, as Exchange does."""
    if restriction and order and order.split(maxsplit=1)[0] not in restriction:
        text = "The restriction or sort order is too complex for this operation."
        raise GraphError(400, "InefficientFilter", text)


def _tail(folder: Folder, uid: int) -> str:
    return hashlib.sha256(f"{folder}/{uid}".encode()).hexdigest()[:16]
