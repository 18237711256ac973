"""Pages: how they are rendered, and what they promise browsers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.exceptions import HTTPException

from hotrod.durable.ages import age_in_words, span_in_words
from hotrod.mail.wording import day, ink_on, mailto, moment
from hotrod.money import figure, money, unit_price

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def web_link(url: str) -> str:
    """Return a URL of others if it leads to a web page; else nothing: it might be a script."""
    return url if url.startswith(("https://", "http://")) else ""


_TEMPLATES = Environment(
    loader=PackageLoader("gateway"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters.update(
    day=day,
    ink_on=ink_on,
    mailto=mailto,
    moment=moment,
    figure=figure,
    money=money,
    unit_price=unit_price,
    age=age_in_words,
    span=span_in_words,
    web_link=web_link,
)


def page(
    template: str,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] = HEADERS,
    **values: Any,  # noqa: ANN401 - whatever the template shows
) -> HTMLResponse:
    """Return a page."""
    return HTMLResponse(_TEMPLATES.get_template(template).render(values), status, headers)


def refusal(headline: str, cure: str, status: HTTPStatus) -> HTMLResponse:
    """Return the page that says why something can't be done, and what to do."""
    return page("refusal.html", status, headline=headline, cure=cure)


def no_such_link() -> HTMLResponse:
    """Return the page for a link that was altered, or leads to what isn't there."""
    return refusal(
        "This link leads nowhere",
        "It may have been cut off on its way. Open it from the mail again, whole, or answer that "
        "mail: a person reads it.",
        HTTPStatus.NOT_FOUND,
    )


class PageRoute(APIRoute):
    """A route for people: it tells on a page what can't be read, and answers HEAD like GET."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: set[str] | list[str] | None = None,
        **others: Any,  # noqa: ANN401 - as FastAPI's
    ) -> None:
        asked = set(methods or ())
        more = {"HEAD"} if "GET" in asked else set()
        super().__init__(path, endpoint, methods=asked | more, **others)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers requests."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError:
                return _unreadable(HTTPStatus.UNPROCESSABLE_ENTITY)
            except HTTPException as error:
                if error.status_code != HTTPStatus.BAD_REQUEST:
                    raise
                return _unreadable(HTTPStatus.BAD_REQUEST)

        return answer


def _unreadable(status: HTTPStatus) -> HTMLResponse:
    return refusal("We couldn't read that", "Go back, load the page again, and try again.", status)
