from __future__ import annotations

import itertools
from typing import Any

from pydantic import SecretStr

from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
)
from connectors._http.retry import RetryPolicy
from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.models import KeyedValues
from sandbox.hubspot.schema import COMPANIES, CONTACTS
from sandbox.hubspot.store import Crm
from tests.contract.cases import FAULTS, Case

numbers = itertools.count(1)


def make(stand_ins: Any, retry: RetryPolicy, timeout_seconds: float) -> HubSpotClient:
    return HubSpotClient(
        base_url=f"{stand_ins.url}/hubspot",
        access_token=SecretStr("sandbox-token"),
        timeout_seconds=timeout_seconds,
        retry=retry,
    )


async def prepare(hubspot: HubSpotClient) -> None:
    await hubspot.create_object("contacts", {"email": "ann@example.org"})


async def read(hubspot: HubSpotClient) -> object:
    return await hubspot.get_object("contacts", "ann@example.org", id_property="email")


async def search(hubspot: HubSpotClient) -> object:
    return [page async for page in hubspot.search_objects("contacts")]


async def create(hubspot: HubSpotClient) -> object:
    return await hubspot.create_object("companies", {"name": f"Company {next(numbers)}"})


async def upsert(hubspot: HubSpotClient) -> object:
    row = KeyedValues(f"{next(numbers)}@example.org", {"firstname": "Ann"})
    (outcome,) = await hubspot.upsert_contacts([row])
    if outcome.error is not None:
        raise outcome.error
    return outcome.result


async def companies(stand_ins: Any) -> int:
    return len(stand_ins.sandbox.state.store(Crm).all(COMPANIES))


async def contacts(stand_ins: Any) -> int:
    return len(stand_ins.sandbox.state.store(Crm).all(CONTACTS))


# A 429 names its policy, so the wait is known, and the call is made again.
NONE: dict[str, type[ConnectorError] | None] = {"429 without": None}

CASES = {
    "hubspot": Case(
        service="hubspot",
        make=make,
        prepare=prepare,
        read=read,
        read_path="/objects/contacts/",
        write=create,
        write_path="/objects/companies",
        written=companies,
        write_fails=NONE,
        write_tries={"429 without": 2},
    ),
    # An upsert may be repeated: what was lost is asked for again, and done once.
    "hubspot upserts": Case(
        service="hubspot",
        make=make,
        read=search,
        read_path="/search",
        write=upsert,
        write_path="/batch/upsert",
        written=contacts,
        write_fails={
            **dict.fromkeys(FAULTS),
            "429 with Retry-After": RateLimitedError,
            "expired token": NeedsReauthError,
        },
        write_tries={
            **dict.fromkeys(FAULTS, 2),
            "429 with Retry-After": 1,
            "expired token": 1,
        },
    ),
}
