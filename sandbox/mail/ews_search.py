"""Restrictions: which mails a FindItem means."""

from __future__ import annotations

import operator
from collections.abc import Callable
from xml.etree import ElementTree as ET

from sandbox.mail.ews_ids import encoded
from sandbox.mail.ews_items import boolean, moment
from sandbox.mail.ews_soap import NAMES, EwsError, invalid, local_name
from sandbox.mail.store import StoredMail

_SEARCHED: dict[str, Callable[[StoredMail], str]] = {
    "item:ConversationId": lambda s: encoded(s.thread_id),
    "item:DateTimeReceived": lambda s: moment(s.received_at),
    "item:HasAttachments": lambda s: boolean(s.mail.attachments),
    "item:Subject": lambda s: s.mail.subject,
    "message:From": lambda s: s.mail.sender.address,
    "message:InternetMessageId": lambda s: s.mail.message_id,
    "message:IsRead": lambda s: boolean(s.is_read),
}
_COMPARED: dict[str, Callable[[str, str], bool]] = {
    "IsEqualTo": operator.eq,
    "IsNotEqualTo": operator.ne,
    "IsGreaterThan": operator.gt,
    "IsGreaterThanOrEqualTo": operator.ge,
    "IsLessThan": operator.lt,
    "IsLessThanOrEqualTo": operator.le,
}
_CONTAINED: dict[str, Callable[[str, str], bool]] = {
    "FullString": operator.eq,
    "Prefixed": str.startswith,
    "Substring": operator.contains,
}


def matches(stored: StoredMail, restriction: ET.Element) -> bool:
    """Tell whether a mail meets all conditions within an element.

    Raises:
        EwsError: a condition is about something that can't be searched here.
    """
    return all(_meets(stored, condition) for condition in restriction)


def _meets(stored: StoredMail, condition: ET.Element) -> bool:
    match local_name(condition):
        case "And":
            return matches(stored, condition)
        case "Or":
            return any(_meets(stored, one) for one in condition)
        case "Not":
            return not matches(stored, condition)
        case "Exists":
            return bool(_value(stored, condition))
        case "Contains":
            return _contains(_value(stored, condition), condition)
        case kind if kind in _COMPARED:
            return _compares(_value(stored, condition), condition, _COMPARED[kind])
        case kind:
            raise invalid(f"{kind} is not played.")


def _contains(value: str, condition: ET.Element) -> bool:
    wanted = _constant(condition)
    contained = _CONTAINED.get(condition.get("ContainmentMode", "FullString"))
    if contained is None:
        raise invalid("This mode of Contains is not played.")
    if condition.get("ContainmentComparison", "Exact") != "Exact":
        value, wanted = value.casefold(), wanted.casefold()
    return contained(value, wanted)


def _compares(value: str, condition: ET.Element, compare: Callable[[str, str], bool]) -> bool:
    wanted = _constant(condition)
    if value in {"true", "false"}:
        wanted = boolean(wanted.lower() in {"true", "1"})
    return compare(value, wanted)


def _constant(condition: ET.Element) -> str:
    constant = condition.find(".//t:Constant", NAMES)
    if constant is None:
        raise invalid("Constant is missing.")
    return constant.get("Value", "")


def _value(stored: StoredMail, condition: ET.Element) -> str:
    field = condition.find("t:FieldURI", NAMES)
    name = field.get("FieldURI", "") if field is not None else ""
    if name not in _SEARCHED:
        raise EwsError("ErrorUnsupportedPathForQuery", f"{name or 'It'} can't be searched here.")
    return _SEARCHED[name](stored)
