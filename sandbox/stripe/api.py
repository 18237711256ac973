"""Stripe's REST API, version 1."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from sandbox.credentials import CREDENTIALS, same
from sandbox.state import SandboxState, State
from sandbox.stripe import intents, refunds, sessions
from sandbox.stripe.errors import StripeError, invalid, unknown
from sandbox.stripe.form import Form, read_form
from sandbox.stripe.store import API_VERSION, KEY_SECONDS, Kept, Payments, Resource

LONGEST_KEY = 255
LARGEST_PAGE = 100
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?", re.ASCII)


def _let_in(request: Request, state: State) -> None:
    """Check who asks, in which version, and how often."""
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            shown = base64.b64decode(shown, validate=True).partition(b":")[0].decode()
        except (binascii.Error, ValueError):
            shown = ""
    if not shown:
        text = "You did not provide an API key. You need to provide your API key in the header."
        raise StripeError(text, status=401)
    if not same(shown, CREDENTIALS.stripe_key):
        raise StripeError("Invalid API Key provided: sk_****", status=401)
    version = request.headers.get("stripe-version", API_VERSION)
    if not _VERSION.fullmatch(version):
        raise StripeError(f"Invalid Stripe API version: {version[:40]}")
    if state.store(Payments).limit.take() is not None:
        text = "Request rate limit exceeded."
        raise StripeError(text, "rate_limit", status=HTTPStatus.TOO_MANY_REQUESTS)


router = APIRouter(dependencies=[Depends(_let_in)])


@router.post("/checkout/sessions")
async def create_session(request: Request, state: State) -> Response:
    """Open a checkout session."""
    pages = f"{str(request.base_url).rstrip('/')}/pages/stripe/pay"
    return await _once(request, state, lambda kept, form: sessions.create(kept, form, pages))


@router.get("/checkout/sessions/{session_id}")
async def get_session(session_id: str, state: State) -> Resource:
    """Return a checkout session."""
    return sessions.find(state.store(Payments), session_id)


@router.post("/checkout/sessions/{session_id}/expire")
async def expire_session(session_id: str, request: Request, state: State) -> Response:
    """Close a checkout session."""

    def act(payments: Payments, _form: Form) -> Resource:
        session = sessions.find(payments, session_id)
        sessions.expire(payments, session)
        return session

    return await _once(request, state, act)


@router.post("/payment_intents")
async def create_intent(request: Request, state: State) -> Response:
    """Create a payment intent."""
    return await _once(request, state, intents.create)


@router.get("/payment_intents/{intent_id}")
async def get_intent(intent_id: str, state: State) -> Resource:
    """Return a payment intent."""
    return intents.find(state.store(Payments), intent_id)


_STEPS = {"confirm": intents.confirm, "capture": intents.capture, "cancel": intents.cancel}


@router.post("/payment_intents/{intent_id}/{step}")
async def move_intent(intent_id: str, step: str, request: Request, state: State) -> Response:
    """Confirm, capture or cancel a payment intent."""
    if step not in _STEPS:
        raise _no_url(request)

    def act(payments: Payments, form: Form) -> Resource:
        intent = intents.find(payments, intent_id)
        _STEPS[step](payments, intent, form)
        return intent

    return await _once(request, state, act)


@router.post("/refunds")
async def create_refund(request: Request, state: State) -> Response:
    """Give money back."""
    return await _once(request, state, refunds.create)


@router.get("/refunds")
async def list_refunds(request: Request, state: State) -> Resource:
    """List refunds, newest first."""
    return _page(state, "refund", request, "payment_intent", "charge")


@router.get("/refunds/{refund_id}")
async def get_refund(refund_id: str, state: State) -> Resource:
    """Return a refund."""
    return refunds.find(state.store(Payments), refund_id)


@router.get("/events")
async def list_events(request: Request, state: State) -> Resource:
    """List events, newest first."""
    return _page(state, "event", request, "type")


@router.get("/events/{event_id}")
async def get_event(event_id: str, state: State) -> Resource:
    """Return an event."""
    found = state.store(Payments).get("event", event_id)
    if found is None:
        raise unknown("event", event_id)
    return found


@router.get("/balance")
async def get_balance(state: State) -> Resource:
    """Tell what came in."""
    payments = state.store(Payments)
    amount = sum(
        intent["amount_received"] - refunds.refunded(payments, intent["id"])
        for intent in payments.all("payment_intent")
    )
    pending = [{"amount": amount, "currency": "cad", "source_types": {"card": amount}}]
    available = [{"amount": 0, "currency": "cad", "source_types": {"card": 0}}]
    return {"object": "balance", "available": available, "livemode": False, "pending": pending}


@router.api_route("/{_rest:anything}", methods=["GET", "POST", "DELETE"])
async def unknown_url(request: Request, _rest: str) -> None:
    """Refuse what is not played here."""
    raise _no_url(request)


def _no_url(request: Request) -> StripeError:
    path = request.url.path.removeprefix("/stripe")
    text = f"Unrecognized request URL ({request.method}: {path})."
    return StripeError(text, status=HTTPStatus.NOT_FOUND)


async def _once(
    request: Request, state: SandboxState, act: Callable[[Payments, Form], Resource]
) -> Response:
    """Act, or repeat the answer when the key was seen in the last 24 hours.

    What was refused before anything was begun is not kept; what a bank has refused is.
    """
    payments, body = state.store(Payments), await request.body()
    key = request.headers.get("idempotency-key")
    form = read_form(body)
    if key is None:
        return JSONResponse(act(payments, form))
    if not key or len(key) > LONGEST_KEY:
        raise invalid("Idempotency-Key", f"1 to {LONGEST_KEY} characters")
    asked = f"{request.method} {request.url.path} ".encode() + body
    fingerprint = hashlib.sha256(asked).hexdigest()
    kept = payments.keys.get(key)
    if kept is not None and kept.at > time.time() - KEY_SECONDS:
        return _repeated(key, kept, fingerprint)
    status, answer = HTTPStatus.OK, {}
    try:
        answer = act(payments, form)
    except StripeError as error:
        if error.status != HTTPStatus.PAYMENT_REQUIRED:
            raise
        status, answer = HTTPStatus.PAYMENT_REQUIRED, {"error": error.body}
    request_id = request.state.request_id
    payments.keys[key] = Kept(fingerprint, status, _copy(answer), request_id, time.time())
    return JSONResponse(answer, status, headers={"Idempotency-Key": key})


def _repeated(key: str, kept: Kept, fingerprint: str) -> Response:
    if kept.fingerprint != fingerprint:
        text = (
            "Keys for idempotent requests can only be used with the same parameters they were "
            f"first used with. Try using a key other than '{key}'."
        )
        raise StripeError(text, kind="idempotency_error")
    headers = {
        "Idempotency-Key": key,
        "Idempotent-Replayed": "true",
        "Original-Request": kept.request_id,
    }
    return JSONResponse(kept.body, kept.status, headers=headers)


def _copy(answer: Resource) -> Resource:
    """Keep an answer as it was: the resource lives on."""
    return {key: _copy(part) if isinstance(part, dict) else part for key, part in answer.items()}


def _page(state: SandboxState, kind: str, request: Request, *filters: str) -> dict[str, Any]:
    asked = Form(dict(request.query_params))
    wanted = {name: value for name in filters if (value := asked.text(name))}
    found = [
        one
        for one in reversed(state.store(Payments).all(kind))
        if all(one[name] == value for name, value in wanted.items())
    ]
    limit = asked.number("limit", 1, LARGEST_PAGE) or 10
    begin = 0
    if after := asked.text("starting_after"):
        ids = [one["id"] for one in found]
        if after not in ids:
            raise unknown(kind, after, "starting_after")
        begin = ids.index(after) + 1
    shown = found[begin : begin + limit]
    return {
        "object": "list",
        "data": shown,
        "has_more": begin + limit < len(found),
        "url": request.url.path.removeprefix("/stripe"),
    }
