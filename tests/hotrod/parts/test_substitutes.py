"""Which part stands in for which, and on whose word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.parts.models import EvidenceKind
from hotrod.parts.substitutes import Evidence, record_evidence, substitutes, weigh
from tests.hotrod.parts.ledger_kit import add_part

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

evidence = st.builds(
    Evidence,
    st.sampled_from(EvidenceKind),
    st.booleans(),
    st.integers(0, 3).map(lambda days: NOW + timedelta(days=days)),
    st.just("maya"),
)


CATALOGUE = Evidence(EvidenceKind.CATALOGUE, works=True, at=NOW, by="maya")
FAILED = Evidence(EvidenceKind.TRIED, works=False, at=NOW, by="maya", ticket="NL-7")


@given(st.lists(evidence, min_size=1, max_size=8))
def test_what_was_tried_last_outweighs_the_rest(all_evidence: list[Evidence]) -> None:
    first, *others = weigh(all_evidence)
    tried = [one for one in all_evidence if one.kind == EvidenceKind.TRIED]
    if tried:
        assert first.kind == EvidenceKind.TRIED
        assert first.at == max(one.at for one in tried)
    same = [one for one in others if (one.kind, one.at) == (first.kind, first.at)]
    assert not first.works or all(one.works for one in same)


async def test_a_try_that_failed_outweighs_the_catalogue(session: AsyncSession) -> None:
    part, other = [await add_part(session, active=True) for _ in range(2)]
    newer = replace(CATALOGUE, at=NOW + timedelta(days=9))
    await record_evidence(session, part, other, newer, both_ways=False)
    (listed,) = await substitutes(session, part.id)
    assert listed.works
    await record_evidence(session, part, other, FAILED, both_ways=False)

    (found,) = await substitutes(session, part.id)

    assert (found.part.sku, found.works) == (other.sku, False)
    assert [one.kind for one in found.evidence] == [EvidenceKind.TRIED, EvidenceKind.CATALOGUE]


async def test_only_what_works_both_ways_is_found_from_the_other_side(
    session: AsyncSession,
) -> None:
    part, one_way, both, gone = [
        await add_part(session, active=active) for active in (True, True, True, False)
    ]
    await record_evidence(session, part, one_way, CATALOGUE, both_ways=False)
    await record_evidence(session, part, both, CATALOGUE, both_ways=True)
    await record_evidence(session, part, gone, CATALOGUE, both_ways=True)

    assert {one.part.sku for one in await substitutes(session, part.id)} == {
        one_way.sku,
        both.sku,
    }
    assert [one.part.sku for one in await substitutes(session, both.id)] == [part.sku]
    assert await substitutes(session, one_way.id) == []


async def test_what_is_said_of_one_way_later_leaves_the_other_as_it_was(
    session: AsyncSession,
) -> None:
    part, other = [await add_part(session, active=True) for _ in range(2)]
    await record_evidence(session, part, other, CATALOGUE, both_ways=True)
    await record_evidence(session, part, other, replace(CATALOGUE, works=False), both_ways=False)

    assert [one.works for one in await substitutes(session, part.id)] == [False]
    assert [one.works for one in await substitutes(session, other.id)] == [True]


async def test_the_same_evidence_again_replaces_itself(session: AsyncSession) -> None:
    part, other = [await add_part(session, active=True) for _ in range(2)]
    for note, works in (("first", True), ("second", False)):
        said = replace(CATALOGUE, note=note, works=works)
        await record_evidence(session, part, other, said, both_ways=False)
    (found,) = await substitutes(session, part.id)
    assert [(one.note, one.works) for one in found.evidence] == [("second", False)]


@pytest.mark.parametrize(
    "said",
    [
        {"kind": EvidenceKind.TRIED},
        {"ticket": "NL-7"},
    ],
    ids=["a try without ticket", "a ticket without try"],
)
async def test_a_try_names_its_ticket(session: AsyncSession, said: dict[str, Any]) -> None:
    part, other = [await add_part(session) for _ in range(2)]
    with pytest.raises(IntegrityError, match="tried_has_ticket"):
        await record_evidence(session, part, other, replace(CATALOGUE, **said), both_ways=False)
