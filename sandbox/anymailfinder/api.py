"""Anymail Finder's API, 5.1: what isn't found is a 200 that says so; only finds are charged.

The vendor states no limit of calls, it lets them queue; so a 429 is answered only when ordered.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from sandbox.anymailfinder.store import Finder
from sandbox.body import read_json
from sandbox.credentials import CREDENTIALS, same
from sandbox.state import State

_MOST = 500
_EXPLAINED = {
    "bad_request": "The request lacks something, or is not JSON.",
    "not_authorized": "Show a valid API key in the Authorization header.",
    "payment_needed": "There are no credits left; buy more, or wait for their renewal.",
    "not_found": "There is no such endpoint.",
    "too_many_requests": "Slow down.",
    "server_busy": "The load is heavy right now; ask again in a few seconds.",
}
_CODES = {
    400: "bad_request",
    401: "not_authorized",
    402: "payment_needed",
    404: "not_found",
    429: "too_many_requests",
    503: "server_busy",
}


class FinderError(Exception):
    """A refusal by its status."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


def error_answer(_request_id: str, error: FinderError) -> Response:
    """Build the answer to a request that was refused."""
    return _refusal(error.status, _CODES[error.status])


def fault_answer(
    _request_id: str, status: int | None, code: str | None, retry_after: str | None
) -> Response:
    """Answer a call that a fault was ordered for; without a status the server is busy."""
    status = status or HTTPStatus.SERVICE_UNAVAILABLE
    answer = _refusal(status, code or _CODES.get(status, "server_error"))
    if retry_after is not None:
        answer.headers["Retry-After"] = retry_after
    return answer


def _authenticate(request: Request) -> None:
    """Take the key as a Bearer token, and bare as older clients show it."""
    shown = request.headers.get("authorization", "")
    scheme, _, token = shown.partition(" ")
    key = token.strip() if scheme.lower() == "bearer" else shown
    if not same(key, CREDENTIALS.anymailfinder_api_key):
        raise FinderError(401)


open_router = APIRouter()
router = APIRouter(dependencies=[Depends(_authenticate)])


@open_router.get("/status")
async def status() -> dict[str, bool]:
    """Tell that the service is up, to anybody."""
    return {"healthy": True}


@router.get("/account")
async def account(state: State) -> dict[str, object]:
    """Tell how many credits are left."""
    return {"email": "ops@hotrod.example", "credits_left": state.store(Finder).credits_left}


@router.post("/find-email/person")
async def find_person(request: Request, state: State) -> dict[str, Any]:
    """Find a person's address at a company."""
    finder, body = state.store(Finder), await _body(request)
    name = _text(body, "full_name")
    name = name or f"{_text(body, 'first_name')} {_text(body, 'last_name')}".strip()
    domain, company = _company(body)
    if not name:
        raise FinderError(400)
    query = f"{name} at {domain or company}".lower()
    if not finder.may_ask(query):
        raise FinderError(402)
    found = finder.of_person(name, domain, company)
    status = found.status if found else "not_found"
    is_valid = status == "valid"
    return {
        "input": body,
        "credits_charged": finder.settle_find(query, status, is_charged=is_valid),
        "email": found.email if found else None,
        "email_status": status,
        "valid_email": found.email if found and is_valid else None,
    }


@router.post("/find-email/company")
async def find_company(request: Request, state: State) -> dict[str, Any]:
    """Find the addresses of a company, 20 at most."""
    finder, body = state.store(Finder), await _body(request)
    domain, company = _company(body)
    query = f"all at {domain or company}".lower()
    if not finder.may_ask(query):
        raise FinderError(402)
    found = finder.of_company(domain, company)
    valid = [one.email for one in found if one.status == "valid"]
    status = "valid" if valid else next((one.status for one in found), "not_found")
    return {
        "input": body,
        "credits_charged": finder.settle_find(query, status, is_charged=bool(valid)),
        "email_status": status,
        "emails": [one.email for one in found],
        "valid_emails": valid,
    }


@router.post("/verify-email")
async def verify(request: Request, state: State) -> dict[str, Any]:
    """Tell whether an address takes mail; each time is charged."""
    finder, body = state.store(Finder), await _body(request)
    email = _text(body, "email")
    if "@" not in email:
        raise FinderError(400)
    if finder.credits_left <= 0:
        raise FinderError(402)
    found = finder.at(email)
    status = found.status if found else "invalid"
    charged = finder.settle_verification(email, status)
    return {"input": body, "credits_charged": charged, "email_status": status}


@router.api_route("/{_rest:anything}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
@open_router.api_route("/{_rest:anything}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def unknown_path(_rest: str) -> None:
    """Refuse what is not played here."""
    raise FinderError(404)


def _refusal(status: int, code: str) -> Response:
    body = {"error": code, "error_explained": _EXPLAINED.get(code, "Something went wrong.")}
    return JSONResponse(body, status_code=status)


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = read_json(await request.body())
    except ValueError:
        raise FinderError(400) from None
    if not isinstance(body, dict):
        raise FinderError(400)
    return body


def _text(body: dict[str, Any], name: str) -> str:
    text = body.get(name) or ""
    if not isinstance(text, str) or len(text) > _MOST:
        raise FinderError(400)
    return text.strip()


def _company(body: dict[str, Any]) -> tuple[str, str]:
    domain, company = _text(body, "domain"), _text(body, "company_name")
    if not (domain or company):
        raise FinderError(400)
    return domain, company
