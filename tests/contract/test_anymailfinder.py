"""What the Anymail Finder connector promises, against the stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from connectors._http.batch import batch_execute
from connectors._http.errors import NeedsReauthError, RejectedError
from connectors._http.retry import RetryPolicy
from connectors.anymailfinder.client import AnymailFinderClient
from connectors.anymailfinder.errors import CreditsUsedUpError
from connectors.anymailfinder.models import PersonEmail
from sandbox.anymailfinder.seed import seed, status_of
from sandbox.anymailfinder.store import Finder
from sandbox.story import Business, Story, make_story


@pytest.fixture
def story(stand_ins: Any) -> Story:
    story = make_story()
    seed(stand_ins.sandbox.state, story)
    return story


def client(stand_ins: Any, key: str = "sandbox-key", **more: Any) -> AnymailFinderClient:
    return AnymailFinderClient(
        base_url=f"{stand_ins.url}/anymailfinder",
        api_key=SecretStr(key),
        timeout_seconds=10.0,
        **more,
    )


@pytest.fixture
async def finder(stand_ins: Any) -> AsyncIterator[AnymailFinderClient]:
    finder = client(stand_ins)
    yield finder
    await finder.aclose()


async def test_the_contacts_of_many_businesses_are_found(
    stand_ins: Any, finder: AnymailFinderClient, story: Story
) -> None:
    async def find(business: Business) -> PersonEmail:
        return await finder.find_person_email(business.contact.name, domain=business.domain)

    outcomes = await batch_execute(story.businesses, find)

    for outcome in outcomes:
        contact, found = outcome.item.contact, outcome.result
        assert found is not None
        assert found.email_status == (status_of(contact.email) or "not_found")
        is_valid = found.email_status == "valid"
        assert found.valid_email == (contact.email if is_valid else None)
    charged = sum(outcome.result.credits_charged for outcome in outcomes if outcome.result)
    assert (await finder.get_account()).credits_left == 1000 - charged


async def test_a_company_is_found_by_its_name(finder: AnymailFinderClient, story: Story) -> None:
    business = story.businesses[0]

    found = await finder.find_company_emails(company_name=business.name)

    assert f"info@{business.domain}" in found.valid_emails


async def test_a_find_that_two_processes_ask_for_is_charged_once(
    stand_ins: Any, finder: AnymailFinderClient, story: Story
) -> None:
    business = next(b for b in story.businesses if status_of(b.contact.email) == "valid")
    other = client(stand_ins)

    for one in (finder, other, finder):
        await one.find_person_email(business.contact.name, domain=business.domain)

    await other.aclose()
    assert (await finder.get_account()).credits_left == 999
    assert len(stand_ins.sandbox.state.store(Finder).queries()) == 2


async def test_an_address_is_verified(finder: AnymailFinderClient, story: Story) -> None:
    assert (await finder.verify_email(f"info@{story.businesses[0].domain}")).is_valid
    assert not (await finder.verify_email("nobody@nowhere.example")).is_valid


async def test_a_busy_moment_is_waited_out(stand_ins: Any, story: Story) -> None:
    waits = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    finder = client(stand_ins, retry=RetryPolicy(sleep=sleep, chance=lambda: 0.0))
    await stand_ins.fault("anymailfinder", "error", count=2)

    found = await finder.find_company_emails(domain=story.businesses[0].domain)

    await finder.aclose()
    assert found.valid_emails
    assert waits == [1.0, 2.0]


async def test_without_credits_a_person_is_told(
    stand_ins: Any, finder: AnymailFinderClient
) -> None:
    stand_ins.sandbox.state.store(Finder).credits_left = 0

    with pytest.raises(CreditsUsedUpError):
        await finder.verify_email("ann@a.example")


async def test_a_question_that_names_no_company_is_rejected(finder: AnymailFinderClient) -> None:
    with pytest.raises(RejectedError, match="full name"):
        await finder.find_person_email("Ann Roy")


async def test_a_wrong_key_needs_a_person(stand_ins: Any) -> None:
    finder = client(stand_ins, key="wrong")
    with pytest.raises(NeedsReauthError, match="HOTROD_ANYMAILFINDER__API_KEY"):
        await finder.ping()
    await finder.aclose()


async def test_ping(finder: AnymailFinderClient) -> None:
    await finder.ping()
