"""Lists of texts: filters, and pages that lead on by ``next_page_uri``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from sandbox.credentials import CREDENTIALS
from sandbox.twilio.errors import TwilioError
from sandbox.twilio.store import Text

ROOT = f"/2010-04-01/Accounts/{CREDENTIALS.twilio_account}"
USUAL_PAGE, LARGEST_PAGE = 50, 1000


def to_json(text: Text) -> dict[str, Any]:
    """Write a text as Twilio does; nothing is priced before it was sent."""
    direction = "inbound" if text.is_incoming else "outbound-api"
    uri = f"{ROOT}/Messages/{text.sid}"
    return {
        "account_sid": CREDENTIALS.twilio_account,
        "api_version": "2010-04-01",
        "body": text.body,
        "date_created": format_datetime(text.created_at),
        "date_sent": format_datetime(text.sent_at) if text.sent_at else None,
        "date_updated": format_datetime(text.updated_at),
        "direction": direction,
        "error_code": text.error_code,
        "error_message": f"Error {text.error_code}" if text.error_code else None,
        "from": text.sender,
        "messaging_service_sid": text.service,
        "num_media": str(text.media),
        "num_segments": str(-(-len(text.body) // 153)) if text.sender else "0",
        "price": "-0.00750" if text.sent_at else None,
        "price_unit": "USD",
        "sid": text.sid,
        "status": text.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": text.to,
        "uri": f"{uri}.json",
    }


def one_page(kept: Sequence[Text], query: Mapping[str, str]) -> dict[str, Any]:
    """Answer a page, newest first. A token names the last text shown, so new ones shift nothing.

    Raises:
        TwilioError: a filter or a page can't be read.
    """
    size = min(_number(query, "PageSize", USUAL_PAGE, least=1), LARGEST_PAGE)
    page = _number(query, "Page", 0, least=0)
    found = [text for text in reversed(kept) if all(wanted(text) for wanted in _filters(query))]
    begin = _place(found, query["PageToken"]) if "PageToken" in query else page * size
    shown = found[begin : begin + size]
    kinds = ("To", "From", "DateSent", "DateSent<", "DateSent>")
    asked = {name: query[name] for name in kinds if name in query} | {"PageSize": str(size)}

    def uri(**more: str) -> str:
        return f"{ROOT}/Messages.json?{urlencode({**asked, **more})}"

    has_more = begin + size < len(found)
    following = uri(Page=str(page + 1), PageToken=f"PA{shown[-1].sid}") if has_more else None
    return {
        "messages": [to_json(text) for text in shown],
        "end": begin + max(len(shown) - 1, 0),
        "first_page_uri": uri(Page="0"),
        "next_page_uri": following,
        "page": page,
        "page_size": size,
        "previous_page_uri": uri(Page=str(page - 1)) if page else None,
        "start": begin,
        "uri": uri(Page=str(page)),
    }


def _number(query: Mapping[str, str], name: str, usual: int, *, least: int) -> int:
    given = query.get(name, str(usual))
    if not (given.isascii() and given.isdecimal() and len(given) < 10 and int(given) >= least):  # noqa: PLR2004 - digits
        raise TwilioError(20001, f"{name} must be a number")
    return int(given)


def _place(found: Sequence[Text], token: str) -> int:
    for place, text in enumerate(found):
        if token == f"PA{text.sid}":
            return place + 1
    raise TwilioError(20001, "Page token is invalid")


def _filters(query: Mapping[str, str]) -> list[Callable[[Text], bool]]:
    filters: list[Callable[[Text], bool]] = []
    if to := query.get("To"):
        filters.append(lambda text: text.to == to)
    if sender := query.get("From"):
        filters.append(lambda text: text.sender == sender)
    for name, sign in (("DateSent", "="), ("DateSent<", "<"), ("DateSent>", ">")):
        if query.get(name):
            filters.append(_by_date(query[name], sign))
    return filters


def _by_date(given: str, sign: str) -> Callable[[Text], bool]:
    """Filter by the time of sending: a day, or from one on, or up to one; none for unsent."""
    try:
        if len(given) == len("2026-01-31"):
            begin = datetime.combine(date.fromisoformat(given), time(), UTC)
            end = begin + timedelta(days=1)
        else:
            moment = datetime.fromisoformat(given)
            begin = end = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise TwilioError(20001, "DateSent is no date") from None

    def wanted(text: Text) -> bool:
        if text.sent_at is None:
            return False
        if sign == "<":
            return text.sent_at <= end
        return text.sent_at >= begin and (sign == ">" or text.sent_at < end)

    return wanted
