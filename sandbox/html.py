"""Pages for people: plain HTML, nothing loaded from elsewhere."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from fastapi import HTTPException, Request, Response
from fastapi.templating import Jinja2Templates

LATEST = 200

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def clock(moment: datetime) -> str:
    """Write a moment as people read it."""
    return moment.astimezone().strftime("%b %d, %H:%M:%S")


_templates = Jinja2Templates(Path(__file__).with_name("templates"))
_templates.env.filters["clock"] = clock


def page(request: Request, name: str, **context: object) -> Response:
    """Build a page from a template; ``menu`` holds path and title of each stand-in's."""
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
    everywhere = {"menu": request.app.state.menu}
    return _templates.TemplateResponse(request, name, {**everywhere, **context}, headers=headers)


def from_own_page(request: Request) -> None:
    """Refuse a form that another site sends; for use with ``Depends``.

    Raises:
        HTTPException: 403; the browser says that the form came from elsewhere.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403, "Send this form from the stand-in's own page.")
