"""The HTTP side of the stand-ins, as one ASGI application."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp

from sandbox import control, pages
from sandbox.claude import api as claude
from sandbox.mail import graph, login
from sandbox.slack import api as slack
from sandbox.state import SandboxState
from sandbox.wire import Wire


def create_app(state: SandboxState) -> ASGIApp:
    """Put the services, the control API and the pages together over one state."""
    app = FastAPI(title="Stand-ins", openapi_url=None)
    app.state.sandbox = state
    app.include_router(login.router, prefix="/graph/login")
    app.include_router(graph.router, prefix="/graph/v1.0")
    app.include_router(claude.router, prefix="/claude/v1")
    app.include_router(slack.router, prefix="/slack/api")
    app.include_router(control.router)
    app.include_router(pages.router)

    @app.exception_handler(graph.GraphError)
    async def refuse_graph(request: Request, error: graph.GraphError) -> Response:
        return graph.error_answer(request.state.request_id, error)

    @app.exception_handler(claude.ClaudeError)
    async def refuse_claude(request: Request, error: claude.ClaudeError) -> Response:
        return claude.error_answer(request.state.request_id, error)

    @app.exception_handler(slack.SlackError)
    async def refuse_slack(_request: Request, error: slack.SlackError) -> Response:
        return slack.error_answer(error)

    return Wire(
        app,
        calls=state.calls,
        faults=state.faults,
        answers={
            "graph": graph.fault_answer,
            "claude": claude.fault_answer,
            "slack": slack.fault_answer,
        },
    )
