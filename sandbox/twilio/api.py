"""Twilio's REST API, version 2010-04-01: texts, and the account that sends them."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from sandbox.credentials import CREDENTIALS, same
from sandbox.state import SandboxState, State
from sandbox.twilio.errors import TwilioError
from sandbox.twilio.listing import ROOT, one_page, to_json
from sandbox.twilio.sending import read_form, text_from
from sandbox.twilio.store import FINAL, Text, Texts

WAITING = frozenset({"accepted", "scheduled", "queued"})


def _let_in(request: Request, state: State) -> None:
    """Check who asks, and how often.

    Raises:
        TwilioError: 20003 or 20429.
    """
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(shown, validate=True).partition(b":")
    except (binascii.Error, ValueError):
        raise TwilioError(20003) from None
    right = same(user, CREDENTIALS.twilio_account)
    right &= same(password, CREDENTIALS.twilio_auth_token)
    if scheme.lower() != "basic" or not right:
        raise TwilioError(20003)
    if state.store(Texts).limit.take() is not None:
        raise TwilioError(20429)


router = APIRouter(dependencies=[Depends(_let_in)])


@router.post(f"{ROOT}/Messages.json", status_code=201)
async def create_message(request: Request, state: State) -> dict[str, Any]:
    """Send a text."""
    texts = state.store(Texts)
    text = text_from(read_form(await request.body()), texts)
    texts.add(text)
    return to_json(text)


@router.get(f"{ROOT}/Messages.json")
async def list_messages(request: Request, state: State) -> dict[str, Any]:
    """List texts, newest first."""
    return one_page(state.store(Texts).all(), request.query_params)


@router.get(ROOT + "/Messages/{sid}.json")
async def fetch_message(sid: str, state: State) -> dict[str, Any]:
    """Return a text."""
    return to_json(_text(state, sid))


@router.post(ROOT + "/Messages/{sid}.json")
async def update_message(sid: str, request: Request, state: State) -> dict[str, Any]:
    """Cancel a text that hasn't gone out, or empty one that has."""
    text = _text(state, sid)
    form = read_form(await request.body())
    status, body = form.get("Status"), form.get("Body")
    if status not in (None, "canceled") or body:
        raise TwilioError(20001, "Only an empty Body and the Status canceled can be set.")
    if status is not None:
        if text.status not in WAITING:
            raise TwilioError(30409, "Message can't be canceled any more")
        state.store(Texts).move(text, "canceled", None)
    if body is not None:
        _check_complete(text)
        text.body = ""
    return to_json(text)


@router.delete(ROOT + "/Messages/{sid}.json", status_code=204)
async def delete_message(sid: str, state: State) -> None:
    """Delete a text."""
    text = _text(state, sid)
    _check_complete(text)
    state.store(Texts).remove(sid)


@router.get(f"{ROOT}/Balance.json")
async def fetch_balance() -> dict[str, Any]:
    """Tell what is left."""
    return {"account_sid": CREDENTIALS.twilio_account, "balance": "42.00", "currency": "USD"}


@router.get(f"{ROOT}.json")
async def fetch_account() -> dict[str, Any]:
    """Tell who asks."""
    return {
        "sid": CREDENTIALS.twilio_account,
        "owner_account_sid": CREDENTIALS.twilio_account,
        "friendly_name": "Sandbox",
        "status": "active",
        "type": "Full",
        "date_created": "Tue, 01 Sep 2026 13:00:00 +0000",
        "date_updated": "Tue, 01 Sep 2026 13:00:00 +0000",
        "subresource_uris": {"messages": f"{ROOT}/Messages.json"},
        "uri": f"{ROOT}.json",
    }


@router.api_route("/{_rest:anything}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def unknown(_rest: str) -> Response:
    """Refuse what is not played here."""
    raise TwilioError(20404, f"The requested resource /{_rest} was not found")


def _text(state: SandboxState, sid: str) -> Text:
    text = state.store(Texts).get(sid)
    if text is None:
        raise TwilioError(20404, f"The requested resource {ROOT}/Messages/{sid}.json was not found")
    return text


def _check_complete(text: Text) -> None:
    if text.status not in FINAL:
        raise TwilioError(20009)
