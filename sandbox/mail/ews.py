"""Exchange Web Services: one address, SOAP, a service account that acts as the mailboxes' owners.

Ids change when mails are moved; lists hold neither recipients nor text; a busy server says so in
an answer of status 200 when a budget is used up, and as a fault of status 500 when it is ordered.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from http import HTTPStatus
from xml.etree import ElementTree as ET

from fastapi import APIRouter, Request, Response

from sandbox.credentials import CREDENTIALS, same
from sandbox.mail import ews_changes, ews_lists, ews_sync
from sandbox.mail.ews_ids import Place
from sandbox.mail.ews_soap import (
    NAMES,
    Envelope,
    EwsError,
    FaultError,
    HttpError,
    element,
    invalid,
    read_envelope,
    refusal,
    success,
    write_envelope,
    write_fault,
)
from sandbox.mail.message import is_address
from sandbox.mail.store import MailStore
from sandbox.stand_in import Api
from sandbox.state import State
from sandbox.windows import RateLimit

CALLS_PER_MINUTE = 6000
_XML = "text/xml; charset=utf-8"
_BROKEN = "An internal server error occurred. The operation failed."
_BUSY = "The server cannot service this request right now. Try again later."
_EVERY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_ZONES = {
    "UTC": "(UTC) Coordinated Universal Time",
    "Eastern Standard Time": "(UTC-05:00) Eastern Time (US & Canada)",
}

Operation = Callable[[Place, ET.Element], list[ET.Element]]


class EwsBudget(RateLimit):
    """What the service account may ask for; Exchange counts time, the stand-in calls."""

    def __init__(self) -> None:
        super().__init__(CALLS_PER_MINUTE, 60)

    def clear(self) -> None:
        """Begin anew, with the usual budget."""
        super().clear()
        self.calls = CALLS_PER_MINUTE


def _resolve_names(_place: Place, body: ET.Element) -> list[ET.Element]:
    """Find the mailbox of an address."""
    wanted = body.findtext("m:UnresolvedEntry", "", NAMES).lower().removeprefix("smtp:")
    if not is_address(wanted):
        error = EwsError("ErrorNameResolutionNoResults", "No results were found.")
        return [refusal("ResolveNames", error)]
    box = element(
        "t:Mailbox",
        element("t:Name", wanted.partition("@")[0]),
        element("t:EmailAddress", wanted),
        element("t:RoutingType", "SMTP"),
        element("t:MailboxType", "Mailbox"),
    )
    found = element(
        "m:ResolutionSet",
        element("t:Resolution", box),
        TotalItemsInView="1",
        IncludesLastItemInRange="true",
    )
    return [success("ResolveNames", found)]


def _get_server_time_zones(_place: Place, body: ET.Element) -> list[ET.Element]:
    """Name time zones."""
    asked = {id_.text for id_ in body.iterfind("m:Ids/t:Id", NAMES)} or set(_ZONES)
    zones = [
        element("t:TimeZoneDefinition", Id=id_, Name=name)
        for id_, name in _ZONES.items()
        if id_ in asked
    ]
    return [success("GetServerTimeZones", element("m:TimeZoneDefinitions", *zones))]


def _convert_id(_place: Place, body: ET.Element) -> list[ET.Element]:
    """Refuse each id: they have one form here."""
    error = EwsError("ErrorInvalidIdMalformed", "Id is malformed.")
    return [refusal("ConvertId", error) for _ in body.iterfind("m:SourceIds/*", NAMES)]


OF_NO_MAILBOX: dict[str, Operation] = {
    "ConvertId": _convert_id,
    "GetServerTimeZones": _get_server_time_zones,
    "ResolveNames": _resolve_names,
}
OPERATIONS: dict[str, Operation] = {
    **OF_NO_MAILBOX,
    "CopyItem": ews_changes.copy_item,
    "CreateItem": ews_changes.create_item,
    "DeleteItem": ews_changes.delete_item,
    "FindFolder": ews_lists.find_folder,
    "FindItem": ews_lists.find_item,
    "GetAttachment": ews_changes.get_attachment,
    "GetFolder": ews_lists.get_folder,
    "GetItem": ews_changes.get_item,
    "MoveItem": ews_changes.move_item,
    "SendItem": ews_changes.send_item,
    "SyncFolderItems": ews_sync.sync_folder_items,
    "UpdateItem": ews_changes.update_item,
}

router = APIRouter()


@router.post("/EWS/Exchange.asmx")
async def exchange(request: Request, state: State) -> Response:
    """Do what an envelope asks for."""
    _check_login(request)
    asked = read_envelope(await request.body())
    if asked.operation not in OPERATIONS:
        raise invalid(f"{asked.operation} is not an operation that is played.")
    wait = state.store(EwsBudget).take()
    if wait is None:
        answers = _answers(asked, state.store(MailStore))
    else:
        answers = [refusal(asked.operation, _busy_within(wait))]
    messages = element("m:ResponseMessages", *answers)
    written = write_envelope(element(f"m:{asked.operation}Response", messages))
    return Response(written, media_type=_XML)


def _answers(asked: Envelope, mail: MailStore) -> list[ET.Element]:
    """Do what is asked for, and return a response message for each part of it."""
    if asked.operation not in OF_NO_MAILBOX and not is_address(asked.mailbox):
        text = "The SMTP address has no mailbox associated with it."
        return [refusal(asked.operation, EwsError("ErrorNonExistentMailbox", text))]
    try:
        answers = OPERATIONS[asked.operation](Place(mail, asked.mailbox), asked.body)
    except FaultError:
        raise
    except RecursionError:
        raise invalid("It is nested too deeply.") from None
    except EwsError as error:
        return [refusal(asked.operation, error)]
    if not answers:
        raise invalid("It asks for nothing.")
    return answers


@router.api_route("/{_path:anything}", methods=_EVERY_METHOD)
async def nothing_else(_path: str) -> Response:
    """Say as IIS does that there is nothing."""
    raise HttpError(404, "Not Found")


def error_answer(_request_id: str, error: EwsError) -> Response:
    """Build the answer to a request that is refused as a whole."""
    if isinstance(error, HttpError):
        page = f"<!DOCTYPE html><title>{error.status} {error.text}</title><h1>{error.text}</h1>"
        return Response(page, error.status, error.headers, media_type="text/html")
    return Response(write_fault(error), HTTPStatus.INTERNAL_SERVER_ERROR, media_type=_XML)


def fault_answer(
    request_id: str, status: int | None, code: str | None, retry_after: str | None
) -> Response:
    """Answer a call that a fault was ordered for; too many calls are a SOAP fault."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        told = {} if retry_after is None else {"BackOffMilliseconds": _milliseconds(retry_after)}
        return error_answer(request_id, FaultError(code or "ErrorServerBusy", _BUSY, **told))
    if status in {None, HTTPStatus.INTERNAL_SERVER_ERROR}:
        return error_answer(request_id, FaultError(code or "ErrorInternalServerError", _BROKEN))
    if status == HTTPStatus.UNAUTHORIZED:
        return error_answer(request_id, _unauthorized())
    return error_answer(request_id, HttpError(status, "A fault was ordered."))


def _busy_within(wait: float) -> EwsError:
    """Return the refusal of a busy server that has already begun to answer."""
    return EwsError(
        "ErrorInternalServerError",
        _BROKEN,
        InnerErrorMessageText=_BUSY,
        InnerErrorResponseCode="ErrorServerBusy",
        InnerErrorDescriptiveLinkKey="0",
        BackOffMilliseconds=_milliseconds(str(wait)),
    )


def _milliseconds(seconds: str) -> str:
    return str(max(1, round(float(seconds) * 1000)))


def _check_login(request: Request) -> None:
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    try:
        username, _, password = base64.b64decode(shown, validate=True).partition(b":")
    except binascii.Error:
        username = password = b""
    right = same(username, CREDENTIALS.ews_username)
    right &= same(password, CREDENTIALS.ews_password)
    if scheme.lower() != "basic" or not right:
        raise _unauthorized()


def _unauthorized() -> HttpError:
    return HttpError(401, "Unauthorized", WWW_Authenticate='Basic realm="mail.example.com"')


API = Api(
    service="ews",
    prefix="/ews",
    routers=(("", router),),
    error=EwsError,
    error_answer=error_answer,
    fault_answer=fault_answer,
    id_header="request-id",
)
