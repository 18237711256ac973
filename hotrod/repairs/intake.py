"""Taking a repair request in: what it may hold, and the rows that it becomes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.analytics.models import AnalyticsEvent
from hotrod.company.models import Business, Company
from hotrod.company.store import next_ticket_number
from hotrod.customers.models import Device
from hotrod.customers.store import find_or_add_customer
from hotrod.db.rows import insert_rows
from hotrod.durable import inbox
from hotrod.durable.inbox import NewDelivery
from hotrod.durable.models import Lane
from hotrod.errors import InvalidInputError
from hotrod.objects import ObjectStore
from hotrod.repairs.facts import DeviceFacts
from hotrod.repairs.models import Photo, StatusChange, Ticket, TicketStatus
from hotrod.repairs.photos import CleanPhoto
from hotrod.repairs.titles import ticket_title
from hotrod.repairs.triage import triage

_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
_LAYOUT = frozenset("\n\t")
_LINE_BREAK = re.compile("\r\n|[\u2028\u2029]")
_SYNONYMS = {
    "game console": "console",
    "game_console": "console",
    "notebook": "laptop",
    "smartphone": "phone",
    "mobile": "phone",
    "amplifier": "audio",
    "pcb": "board",
    "gamepad": "controller",
}
DeviceType = Literal[
    "console", "laptop", "phone", "tablet", "audio", "board", "controller", "other"
]


def _clean(text: str, allowed: frozenset[str]) -> str:
    composed = unicodedata.normalize("NFC", _LINE_BREAK.sub("\n", text))
    kept = "".join(char for char in composed if char not in _BIDI)
    for char in kept:
        if char not in allowed and unicodedata.category(char) in {"Cc", "Cs"}:
            raise ValueError("holds control characters; send plain text")
    return kept.strip()


def _line(text: str) -> str:
    return _clean(text, frozenset())


def _name(text: str) -> str:
    name = _line(text)
    if not name:
        raise ValueError("is empty; tell us whom to answer")
    return name


def _block(text: str) -> str:
    return _clean(text, _LAYOUT)


def _email(text: str) -> str:
    try:
        valid = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise ValueError("is not a mail address; write it like name@example.com") from error
    return str(valid.ascii_email)


def _phone(text: str) -> str:
    try:
        number = phonenumbers.parse(text, "CA")
    except phonenumbers.NumberParseException as error:
        raise ValueError("is not a phone number; write it like +1 613 555 0142") from error
    if not phonenumbers.is_possible_number(number):
        raise ValueError("is not a phone number; write it like +1 613 555 0142")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _device_type(given: object) -> object:
    if not isinstance(given, str):
        return given
    lowered = given.strip().lower()
    return _SYNONYMS.get(lowered, lowered)


def _nothing_if_blank(given: object) -> object:
    return None if isinstance(given, str) and not given.strip() else given


# Lengths are checked again in the end: some characters become two or three when normalized.
Blank = BeforeValidator(_nothing_if_blank)
Key = Annotated[str, StringConstraints(max_length=31), AfterValidator(_line)]
Short = Annotated[str, Field(max_length=60), AfterValidator(_line), Field(max_length=60)]
Name = Annotated[str, Field(max_length=80), AfterValidator(_line), Field(max_length=80)]
Person = Annotated[str, Field(max_length=120), AfterValidator(_name), Field(max_length=120)]
Email = Annotated[str, StringConstraints(max_length=254), AfterValidator(_email)]
Phone = Annotated[str, StringConstraints(max_length=40), AfterValidator(_phone)]


class RepairRequest(BaseModel):
    """A customer's request, as JSON or as form fields."""

    model_config = ConfigDict(extra="forbid", strict=True)

    customer_name: Annotated[Person, Field(examples=["Ada Byron"])]
    customer_email: Annotated[Email, Field(examples=["ada@example.com"])]
    customer_phone: Annotated[Phone | None, Blank] = None
    device_type: Annotated[DeviceType, BeforeValidator(_device_type)]
    brand: Annotated[Short | None, Blank] = None
    model: Annotated[Name | None, Blank] = None
    serial: Annotated[Short | None, Blank] = None
    problem: Annotated[
        str,
        StringConstraints(max_length=5000),
        AfterValidator(_block),
        Field(examples=["No picture on any television."]),
    ]
    urgency: Literal["normal", "rush"] = "normal"
    business: Annotated[Key | None, Blank] = None


@dataclass(frozen=True)
class PhotoUpload:
    """A photo of a request, made clean."""

    filename: str
    photo: CleanPhoto


@dataclass(frozen=True)
class Origin:
    """Where a request came from; source and delivery id together are unique."""

    source: str
    delivery_id: str
    body_hash: str


def business_for(request: RepairRequest, company: Company) -> Business:
    """Return the business that takes the request; the company's default when none is named.

    Raises:
        InvalidInputError: no such business, or it doesn't repair.
    """
    key = request.business or company.default_business
    business = company.business(key)
    if business is None or not business.repairs:
        takers = ", ".join(each.key for each in company.businesses if each.repairs)
        reason = "This business takes no repair requests."
        raise InvalidInputError("business", reason, f"Leave it out, or name one of: {takers}.")
    return business


def safe_filename(name: str) -> str:
    """Return the last part of a file name, without anything that isn't printable."""
    last = PurePosixPath(name.replace("\\", "/")).name
    kept = "".join(char for char in last if char.isprintable() and char not in _BIDI)
    return kept[-120:].lstrip(".") or "photo"


async def accept_request(
    session: AsyncSession,
    business: Business,
    objects: ObjectStore,
    request: RepairRequest,
    uploads: Sequence[PhotoUpload],
    origin: Origin,
    answer: Callable[[Ticket], dict[str, Any]],
) -> dict[str, Any]:
    """Write a request down: customer, device, ticket, photos, and the inbox row last.

    Args:
        session: in a transaction, which the caller commits before anybody is answered.
        business: that takes it.
        objects: where the photos go.
        request: checked.
        uploads: its photos.
        origin: who delivered it, under which id.
        answer: makes the answer to the caller from the ticket; kept for repeated deliveries.

    Raises:
        DuplicateDeliveryError: another transaction is accepting the same delivery.
    """
    facts = DeviceFacts(request.device_type, request.brand or "", request.model or "")
    verdict = triage(request.problem, facts)
    title = ticket_title(request.device_type, request.brand, request.model, request.problem)
    customer_id = await find_or_add_customer(
        session, request.customer_email, request.customer_name, request.customer_phone
    )
    device = Device(
        customer_id=customer_id,
        type=request.device_type,
        brand=request.brand,
        model=request.model,
        serial=request.serial,
    )
    ticket = Ticket(
        number=await next_ticket_number(session, business.ticket_prefix),
        business_key=business.key,
        customer_id=customer_id,
        device_id=device.id,
        contact_name=request.customer_name,
        alias=business.aliases[0],
        title=title,
        problem=request.problem,
        urgency=request.urgency,
        status=TicketStatus.RECEIVED,
        route=verdict.route,
        dangers=[danger.value for danger in verdict.dangers],
    )
    received = AnalyticsEvent(
        name="ticket.received",
        business_key=business.key,
        ticket_id=ticket.id,
        fields={
            "route": verdict.route,
            "device": request.device_type,
            "photos": len(uploads),
        },
    )
    change = StatusChange(ticket_id=ticket.id, to_status=TicketStatus.RECEIVED, actor="customer")
    different = {upload.photo.sha256: upload for upload in uploads}.values()
    photos = [_photo_row(ticket, upload) for upload in different]
    await insert_rows(session, device, ticket, change, received, *photos)
    urgent = verdict.dangers or request.urgency == "rush"
    answered = answer(ticket)
    await inbox.accept(
        session,
        NewDelivery(
            source=origin.source,
            delivery_id=origin.delivery_id,
            body_hash=origin.body_hash,
            event="repair.requested",
            business_key=business.key,
            ordering_key=f"ticket:{ticket.number}",
            title=f"{ticket.number} {title}",
            payload={"ticket": ticket.number},
            answer=answered,
            lane=Lane.URGENT if urgent else Lane.NORMAL,
        ),
    )
    for photo, upload in zip(photos, different, strict=True):
        await objects.put(photo.object_key, upload.photo.data)  # a row must never lack its picture
    return answered


def _photo_row(ticket: Ticket, upload: PhotoUpload) -> Photo:
    photo = upload.photo
    return Photo(
        ticket_id=ticket.id,
        object_key=f"photos/{ticket.number}/{photo.sha256}.{photo.extension}",
        filename=safe_filename(upload.filename),
        content_type=photo.content_type,
        size_bytes=len(photo.data),
        width=photo.width,
        height=photo.height,
        sha256=photo.sha256,
    )
