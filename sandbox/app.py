"""The HTTP side of the stand-ins, as one ASGI application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp

from sandbox import control, pages
from sandbox.stand_in import Api, StandIn
from sandbox.state import SandboxState
from sandbox.wire import Wire


def create_app(state: SandboxState, stand_ins: Sequence[StandIn]) -> ASGIApp:
    """Put the services, the control API and the pages together over one state."""
    app = FastAPI(title="Stand-ins", openapi_url=None)
    app.state.sandbox = state
    app.state.menu = [(f"/{one.name}", one.title) for one in stand_ins]
    app.state.stand_ins = stand_ins
    apis = [api for one in stand_ins for api in one.apis]
    for api in apis:
        app.add_exception_handler(api.error, _refusing(api))
        for rest, router in api.routers:
            app.include_router(router, prefix=api.prefix + rest)
    app.include_router(control.router)
    app.include_router(pages.router)
    for one in stand_ins:
        if one.control is not None:
            app.include_router(one.control, prefix="/_control")
        app.include_router(one.pages)
    return Wire(app, state, apis)


def _refusing(api: Api) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def refuse(request: Request, error: Exception) -> Response:
        return api.error_answer(request.state.request_id, error)

    return refuse
