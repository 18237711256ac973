"""Requests' bodies and queries, and what answers have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from sandbox.hubspot.errors import HubSpotError, row_error
from sandbox.hubspot.limits import Limits
from sandbox.hubspot.record import stamp
from sandbox.state import SandboxState

MAX_BATCH = 100

Model = TypeVar("Model", bound=BaseModel)


class Body(BaseModel):
    """Base of what is read from requests: names in camel case, what is unknown is left alone."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


def _as_text(value: object) -> object:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case _:
            return value


Text = Annotated[str, BeforeValidator(_as_text)]
"""A text, or what HubSpot takes for one."""


class Inputs(Body, Generic[Model]):
    """A batch."""

    inputs: list[Model]


class ObjectId(Body):
    """Names one object."""

    id: Text = Field(min_length=1)


async def read(model: type[Model], request: Request) -> Model:
    """Read a request's body.

    Raises:
        HubSpotError: it isn't what the call needs.
    """
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise HubSpotError(400, f"Invalid input JSON: {where}: {first['msg']}") from None


async def read_batch(model: type[Model], request: Request, most: int = MAX_BATCH) -> list[Model]:
    """Read a batch.

    Raises:
        HubSpotError: it is empty, too large, or isn't what the call needs.
    """
    batch = (await read(Inputs[model], request)).inputs  # type: ignore[valid-type]
    if not 1 <= len(batch) <= most:
        raise HubSpotError(400, f"A batch holds 1 to {most} inputs; this one has {len(batch)}.")
    return batch


def number(request: Request, name: str, *, default: int, least: int, most: int) -> int:
    """Read a number from the query.

    Raises:
        HubSpotError: it is none, or out of its range.
    """
    value = request.query_params.get(name, str(default))
    if not (value.isascii() and value.isdigit() and least <= int(value[:12]) <= most):
        raise HubSpotError(400, f"{name} must be a number from {least} to {most}.")
    return int(value)


def names(request: Request, name: str) -> list[str]:
    """Read a list from the query: repeated, or with commas."""
    return [
        part for value in request.query_params.getlist(name) for part in value.split(",") if part
    ]


def answer(state: SandboxState, body: object, status: int = 200) -> Response:
    """Answer a call, with the limits of the account."""
    return JSONResponse(body, status, headers=state.store(Limits).headers())


def done(state: SandboxState) -> Response:
    """Answer a call that has nothing to say."""
    return Response(status_code=204, headers=state.store(Limits).headers())


def batch_answer(
    state: SandboxState,
    results: Sequence[Mapping[str, Any]],
    refused: Sequence[tuple[HubSpotError, Mapping[str, list[str]]]] = (),
    status: int = 200,
    partly: int = 207,
) -> Response:
    """Answer a batch; with refused rows, each with its context, by another status."""
    now = stamp(datetime.now(UTC))
    body: dict[str, Any] = {
        "status": "COMPLETE",
        "results": list(results),
        "startedAt": now,
        "completedAt": now,
    }
    if refused:
        body["numErrors"] = len(refused)
        body["errors"] = [row_error(error, context) for error, context in refused]
    return answer(state, body, partly if refused else status)
