"""HubSpot, played."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from sandbox.hubspot import associating, batches, control, objects, pages, properties, search
from sandbox.hubspot.associations import Links
from sandbox.hubspot.errors import HubSpotError, error_answer, fault_answer
from sandbox.hubspot.index import SearchIndex
from sandbox.hubspot.limits import Limits
from sandbox.hubspot.outbox import Outbox
from sandbox.hubspot.schema import COMPANIES, CONTACTS, DEALS, OBJECT_TYPES, Schema
from sandbox.hubspot.store import Crm
from sandbox.stand_in import Api, StandIn
from sandbox.state import SandboxState, Store
from sandbox.story import Person, Story

_unknown = APIRouter()


@_unknown.api_route("/{_path:anything}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def unknown_path(_path: str) -> None:
    """Refuse what is not played here."""
    raise HubSpotError(404, "resource not found")


def _stores() -> Sequence[Store]:
    schema, index, outbox = Schema(), SearchIndex(), Outbox()
    return Crm(schema, index, outbox), schema, index, outbox, Links(outbox), Limits()


def _seed(state: SandboxState, story: Story) -> None:
    """Put in the people, the businesses with whom to speak to there, and a deal for each order."""
    crm, links = state.store(Crm), state.store(Links)
    contacts = {
        person.email: crm.create(CONTACTS, _contact(person))
        for person in (*story.people, *(one.contact for one in story.businesses))
        if crm.find(CONTACTS, person.email, "email") is None
    }
    if not contacts:
        return
    for one in story.businesses:
        values = {"name": one.name, "domain": one.domain, "industry": one.trade}
        company = crm.create(COMPANIES, {**values, "numberofemployees": str(one.employees)})
        links.add(contacts[one.contact.email], company, [])
    for order in story.orders:
        deal = crm.create(
            DEALS,
            {
                "dealname": order.number,
                "amount": str(order.total),
                "pipeline": "default",
                "dealstage": "closedwon",
                "closedate": order.placed_at.isoformat(),
            },
        )
        links.add(deal, contacts[order.buyer.email], [])
    state.store(SearchIndex).refresh()
    state.store(Outbox).clear()


def _contact(person: Person) -> dict[str, str]:
    return {
        "email": person.email,
        "firstname": person.first_name,
        "lastname": person.last_name,
        "phone": person.phone,
        "address": person.street,
        "city": person.city,
        "state": person.province,
        "zip": person.postal_code,
    }


def _summary(state: SandboxState) -> str:
    counts = [(len(state.store(Crm).all(kind)), kind.name) for kind in OBJECT_TYPES]
    return ", ".join(f"{count} {name}" for count, name in counts)


HUBSPOT = StandIn(
    name="hubspot",
    title="HubSpot",
    apis=(
        Api(
            service="hubspot",
            prefix="/hubspot",
            routers=(
                ("/crm/v3/objects", search.router),
                ("/crm/v3/objects", batches.router),
                ("/crm/v3/objects", objects.router),
                ("/crm/v3/properties", properties.router),
                ("/crm/v4", associating.router),
                ("/account-info/v3", properties.account),
                ("", _unknown),
            ),
            error=HubSpotError,
            error_answer=error_answer,
            fault_answer=fault_answer,
            id_header="x-hubspot-correlation-id",
            reads=("/search", "/batch/read"),
        ),
    ),
    stores=_stores,
    pages=pages.router,
    control=control.router,
    summary=_summary,
    seed=_seed,
)
