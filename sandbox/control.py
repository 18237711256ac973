"""The control API: what tests and demos ask for and order."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request

from sandbox.calls import GROUPS, Call
from sandbox.faults import Fault
from sandbox.stand_in import StandIn
from sandbox.state import State
from sandbox.story import make_story

router = APIRouter()


@router.get("/health")
async def health(state: State) -> dict[str, object]:
    """Tell that the stand-ins run, and at which ports beside this one."""
    return {"status": "ok", **{f"{name}_port": port for name, port in state.ports.items()}}


@router.get("/_control/calls")
async def list_calls(request: Request, state: State, service: str | None = None) -> list[Call]:
    """List calls, oldest first; `mail` is all of its protocols."""
    if service is not None:
        _check_service(request, service)
    return state.calls.find(service)


@router.get("/_control/faults")
async def list_faults(state: State) -> list[Fault]:
    """List the faults that are not used up."""
    return state.faults.waiting()


@router.post("/_control/faults", status_code=201)
async def order_fault(fault: Fault, request: Request, state: State) -> Fault:
    """Order a fault."""
    _check_service(request, fault.service)
    state.faults.order(fault)
    return fault


@router.delete("/_control/faults", status_code=204)
async def clear_faults(state: State) -> None:
    """Forget all faults."""
    state.faults.clear()


@router.post("/_control/reset", status_code=204)
async def reset(state: State) -> None:
    """Forget everything that is stored, calls and faults."""
    state.reset()


@router.post("/_control/seed")
async def seed(
    request: Request,
    state: State,
    scale: Annotated[float, Query(gt=0, le=100, description="Size; 1: a small company.")] = 1,
    number: Annotated[int, Query(description="The same number tells the same story.")] = 1,
) -> dict[str, str]:
    """Fill all stand-ins with a believable company; return what each holds now."""
    story = make_story(scale, number)
    for one in _stand_ins(request):
        one.seed(state, story)
    return {one.name: one.summary(state) for one in _stand_ins(request)}


def _stand_ins(request: Request) -> tuple[StandIn, ...]:
    stand_ins: tuple[StandIn, ...] = request.app.state.stand_ins
    return stand_ins


def _check_service(request: Request, name: str) -> None:
    """Refuse a service that isn't played.

    Raises:
        HTTPException: 422, with the names there are.
    """
    known = {api.service for one in _stand_ins(request) for api in one.apis}
    known |= {listener.name for one in _stand_ins(request) for listener in one.listeners}
    if name not in known | GROUPS.keys():
        raise HTTPException(422, f"Name one of {', '.join(sorted(known | GROUPS.keys()))}.")
