"""HubSpot's part of the control API: deliver webhooks, hurry search, change limits."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field, HttpUrl, TypeAdapter

from sandbox.hubspot.index import SearchIndex
from sandbox.hubspot.limits import Limits
from sandbox.hubspot.outbox import Outbox
from sandbox.state import State

router = APIRouter(prefix="/hubspot")

_URL = TypeAdapter(HttpUrl)


def _is_url(value: str) -> str:
    """Check a URL, and leave its spelling alone: signatures depend on it."""
    _URL.validate_python(value)
    return value


Url = Annotated[str, AfterValidator(_is_url)]


class DeliveryOrder(BaseModel):
    """How to deliver what waits."""

    url: Url = Field(description="Where to.")
    public_url: Url | None = Field(None, description="What is signed in place of the URL.")
    times: int = Field(1, ge=1, le=10, description="How often each delivery is made.")
    shuffle: bool = Field(default=False, description="In another order than it happened.")


class DeliverySeen(BaseModel):
    """A delivery that was made; without a status, there was no answer."""

    status: int | None
    events: list[dict[str, Any]]


class LimitOrder(BaseModel):
    """How often the account may be used, until the next reset."""

    calls_per_10_seconds: int = Field(ge=1, le=100_000)
    searches_per_second: int = Field(ge=1, le=100_000)


@router.post("/deliver")
async def deliver(order: DeliveryOrder, state: State) -> list[DeliverySeen]:
    """Deliver all webhooks that wait; what isn't taken waits on."""
    made = await state.store(Outbox).deliver(
        order.url, public_url=order.public_url or "", times=order.times, shuffle=order.shuffle
    )
    return [
        DeliverySeen(status=one.status, events=[event.body for event in one.events]) for one in made
    ]


@router.get("/events")
async def list_events(state: State) -> list[dict[str, Any]]:
    """List the webhooks that wait, oldest first."""
    return [event.to_json() for event in state.store(Outbox).waiting]


@router.post("/index", status_code=204)
async def refresh_index(state: State) -> None:
    """Let search see all that was written."""
    state.store(SearchIndex).refresh()


@router.put("/index", status_code=204)
async def set_lag(state: State, lag_seconds: Annotated[float, Field(ge=0, le=3600)]) -> None:
    """Set how long search lags behind, until the next reset."""
    state.store(SearchIndex).lag_seconds = lag_seconds


@router.put("/limits", status_code=204)
async def set_limits(order: LimitOrder, state: State) -> None:
    """Play an account with other limits."""
    state.store(Limits).allow(order.calls_per_10_seconds, order.searches_per_second)
