"""The page of operations: what waits, what died, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Depends, Form, Query, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, Field
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from gateway import html
from gateway.auth import Caller, ops
from gateway.context import Context, InContext
from gateway.problems import ProblemError
from hotrod.db.columns import now
from hotrod.durable import effects
from hotrod.durable.ages import write_age
from hotrod.durable.inbox import COUNTED_AT_MOST
from hotrod.durable.models import Delivery, DeliveryState, Lane
from hotrod.durable.open_effects import open_effects
from hotrod.durable.search import (
    UNSETTLED,
    DeliveryFilter,
    discard_all,
    find,
    redrive_all,
    tally,
)
from hotrod.durable.summary import WINDOWS, summary
from hotrod.errors import HotrodError, LinkError
from hotrod.repairs.models import Ticket
from hotrod.services.store import breakers, traffic

router = APIRouter(prefix="/ops", include_in_schema=False, route_class=html.PageRoute)
log = structlog.get_logger()

OpsCaller = Annotated[Caller, Depends(ops)]

_SHOWN = 50
_FORM_AGE = timedelta(hours=12)
_TICKET = "ticket:"


class OpsQuery(DeliveryFilter):
    """What the page shows: a filter, where the list goes on, and what was just done."""

    before: int | None = Field(None, ge=1, le=2**63 - 1)
    done: Literal["redriven", "discarded", "confirmed", "repeated"] | None = None
    count: int = Field(0, ge=0)

    @property
    def filter(self) -> DeliveryFilter:
        """The filter alone."""
        return DeliveryFilter.model_validate(
            {name: getattr(self, name) for name in DeliveryFilter.model_fields}
        )


class DeliveriesForm(DeliveryFilter):
    """What is to be done with the ticked deliveries, or with all that match the filter."""

    token: str = Field(max_length=400)
    action: Literal["redrive", "discard"]
    everything: bool = False
    reason: str = Field("discarded by ops", max_length=200)

    @property
    def filter(self) -> DeliveryFilter:
        """Which deliveries are meant."""
        names = set(DeliveryFilter.model_fields) - {"ids"} if self.everything else {"ids"}
        return DeliveryFilter.model_validate({name: getattr(self, name) for name in names})


class EffectForm(BaseModel):
    """What is known of an outward act: it happened, or it didn't and is to be repeated."""

    token: str = Field(max_length=400)
    action: Literal["confirm", "repeat"]
    key: str = Field(max_length=200)


@router.get("")
async def ops_page(
    context: InContext, caller: OpsCaller, query: Annotated[OpsQuery, Query()]
) -> HTMLResponse:
    """Show counts, ages, rates, unknown effects, services, and deliveries by a filter."""
    given = query.filter
    shown = given.model_copy(update={"states": given.states or UNSETTLED})
    async with context.database.transaction() as session:
        rows = await find(session, shown, limit=_SHOWN + 1, before_id=query.before)
        values: dict[str, Any] = {
            "summary": await summary(session),
            "effects": await open_effects(session, limit=_SHOWN),
            "breakers": await breakers(session),
            "traffic": await traffic(session, now()),
            "ticket_urls": await _ticket_urls(session, context, rows[:_SHOWN]),
            "matching": {} if given.is_empty else await _matching(session, given),
        }
    fields = _fields(given)
    return html.page(
        "ops.html",
        **values,
        deliveries=rows[:_SHOWN],
        older=_path(fields | {"before": str(rows[_SHOWN - 1].id)}) if len(rows) > _SHOWN else None,
        query=query,
        fields=fields,
        token=context.signer.sign("ops_form", caller.id),
        prefect_url=context.settings.prefect_url,
        most=COUNTED_AT_MOST,
        windows=WINDOWS,
        states=DeliveryState,
        lanes=tuple(Lane),
    )


@router.post("/deliveries")
async def change_deliveries(
    context: InContext, caller: OpsCaller, form: Annotated[DeliveriesForm, Form()]
) -> Response:
    """Redrive or discard deliveries, and lead back to the page."""
    _check_token(context, caller, form.token)
    wanted = form.filter
    if wanted.is_empty:
        return _refused("tick deliveries, or filter them and tick 'all that match'")
    try:
        if form.action == "redrive":
            count = await redrive_all(context.database, wanted)
        else:
            count = await discard_all(context.database, wanted, form.reason)
    except HotrodError as error:
        return _refused(str(error))
    done = {"redrive": "redriven", "discard": "discarded"}[form.action]
    log.info("inbox.changed", action=form.action, count=count, caller=caller.prefix)
    filtered = DeliveryFilter.model_validate(form.model_dump(include=_FILTER_FIELDS))
    return _back(_fields(filtered) | {"done": done, "count": str(count)})


@router.post("/effects")
async def decide_effect(
    context: InContext, caller: OpsCaller, form: Annotated[EffectForm, Form()]
) -> Response:
    """Record what a person found out about an outward act, and lead back to the page."""
    _check_token(context, caller, form.token)
    decide = {"confirm": effects.confirm, "repeat": effects.repeat}[form.action]
    try:
        async with context.database.transaction() as session:
            await decide(session, form.key)
    except HotrodError as error:
        return _refused(str(error))
    done = {"confirm": "confirmed", "repeat": "repeated"}[form.action]
    log.info("effect.decided", action=form.action, effect=form.key, caller=caller.prefix)
    return _back({"error": form.key, "done": done})


_FILTER_FIELDS = set(DeliveryFilter.model_fields) - {"ids"}


def _check_token(context: Context, caller: Caller, token: str) -> None:
    """Refuse a form that this caller's page didn't hold: another site may have sent it.

    Raises:
        ProblemError: the token is another caller's, too old, or none.
    """
    try:
        owner = context.signer.read("ops_form", token, max_age=_FORM_AGE)
    except LinkError:
        owner = None
    if owner != caller.id:
        detail = "This form isn't from your page, or was open for too long; load the page again."
        raise ProblemError(HTTPStatus.FORBIDDEN, detail)


async def _ticket_urls(
    session: AsyncSession, context: Context, rows: Sequence[Delivery]
) -> dict[str, str]:
    """Return the pages of the tickets that deliveries are about, by ordering key."""
    numbers = {
        row.ordering_key.removeprefix(_TICKET)
        for row in rows
        if row.ordering_key.startswith(_TICKET)
    }
    found = await session.exec(
        select(Ticket.number, Ticket.id).where(col(Ticket.number).in_(numbers))
    )
    return {f"{_TICKET}{number}": context.links.view_url(id_) for number, id_ in found}


async def _matching(session: AsyncSession, given: DeliveryFilter) -> dict[str, int]:
    """Count what each action would change; an action that the filter doesn't allow is left out."""
    counts = {}
    for action, to_change in (
        ("redrive", DeliveryFilter.to_redrive),
        ("discard", DeliveryFilter.to_discard),
    ):
        try:
            wanted = to_change(given)
        except HotrodError:
            continue
        counts[action] = sum((await tally(session, wanted, at_most=COUNTED_AT_MOST)).values())
    return counts


def _fields(given: DeliveryFilter) -> dict[str, Any]:
    """Return a filter as the fields of a form, without its blanks."""
    ages = {
        name: write_age(age)
        for name in ("older_than", "newer_than")
        if (age := getattr(given, name)) is not None
    }
    return given.model_dump(mode="json", include=_FILTER_FIELDS, exclude_defaults=True) | ages


def _path(fields: Mapping[str, Any]) -> str:
    return f"/ops?{urlencode(fields, doseq=True)}"


def _back(fields: Mapping[str, Any]) -> RedirectResponse:
    return RedirectResponse(_path(fields), HTTPStatus.SEE_OTHER, html.HEADERS)


def _refused(reason: str) -> HTMLResponse:
    cure = f"{reason[0].upper()}{reason[1:]}. Go back and correct it."
    return html.refusal("This can't be done", cure, HTTPStatus.CONFLICT)
