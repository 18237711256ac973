"""Auth: GoTrue's health, settings, and its list of users."""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from sandbox.credentials import CREDENTIALS, same
from sandbox.state import State
from sandbox.supabase.gate import require_key
from sandbox.supabase.project import Project, User
from sandbox.supabase.refusals import gateway, gotrue

PER_PAGE = 50
ABOUT = {
    "version": "v2.180.0",
    "name": "GoTrue",
    "description": "GoTrue is a user registration and authentication API",
}
_NUMBER = re.compile(r"\d{1,18}")
_ALL = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


def _require_server(request: Request, state: State) -> None:
    require_key(request)
    if not state.store(Project).is_up("auth"):
        raise gateway(503, "name resolution failed")


def _require_admin(request: Request) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise gotrue(401, "no_authorization", "This endpoint requires a valid Bearer token")
    if not same(token, CREDENTIALS.supabase_api_key):
        text = "invalid JWT: unable to parse or verify signature, token is malformed"
        raise gotrue(403, "bad_jwt", text)


router = APIRouter(dependencies=[Depends(_require_server)])


@router.get("/health")
async def health() -> dict[str, str]:
    """Tell that the server runs."""
    return ABOUT


@router.get("/settings")
async def settings() -> dict[str, Any]:
    """Tell what the project lets people sign in with."""
    return {
        "external": {"email": True, "phone": False, "google": False, "anonymous_users": False},
        "disable_signup": False,
        "mailer_autoconfirm": False,
        "phone_autoconfirm": False,
        "sms_provider": "twilio",
        "saml_enabled": False,
    }


@router.get("/admin/users", dependencies=[Depends(_require_admin)])
async def list_users(request: Request, response: Response, state: State) -> dict[str, Any]:
    """List the users, the latest first, a page at a time."""
    page, per_page = _number(request, "page", 1), _number(request, "per_page", PER_PAGE)
    users = state.store(Project).users[::-1]
    last = max(1, -(-len(users) // per_page))
    url = f"{request.url.path}?page={{}}&per_page={per_page}"
    links = [f'<{url.format(page + 1)}>; rel="next"'] if page < last else []
    response.headers["Link"] = ", ".join([*links, f'<{url.format(last)}>; rel="last"'])
    response.headers["X-Total-Count"] = str(len(users))
    begin = (page - 1) * per_page
    return {
        "users": [_as_json(user) for user in users[begin : begin + per_page]],
        "aud": "authenticated",
    }


@router.api_route("/{_path:anything}", methods=_ALL)
async def unknown(_path: str) -> None:
    """Refuse what is not played here."""
    raise gotrue(404, "not_found", "404 page not found")


def _number(request: Request, name: str, otherwise: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return otherwise
    if not _NUMBER.fullmatch(text) or int(text) < 1:
        raise gotrue(400, "validation_failed", f"Bad Pagination Parameters: {name}")
    return int(text)


def _as_json(user: User) -> dict[str, Any]:
    moment = user.created_at.isoformat()
    return {
        "id": user.id,
        "aud": "authenticated",
        "role": "authenticated",
        "email": user.email,
        "phone": user.phone,
        "email_confirmed_at": moment,
        "confirmed_at": moment,
        "created_at": moment,
        "updated_at": moment,
        "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": {"name": user.name},
        "identities": [],
        "is_anonymous": False,
    }
