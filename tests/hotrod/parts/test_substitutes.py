"""Which part stands in for which, and on whose word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.parts.models import EvidenceKind, Part, PartSubstitute
from hotrod.parts.substitutes import Evidence, record_substitute, substitutes, weigh
from tests.hotrod.parts.ledger_kit import add_part

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

evidence = st.builds(
    Evidence,
    st.sampled_from(EvidenceKind),
    st.booleans(),
    st.integers(0, 3).map(lambda days: NOW + timedelta(days=days)),
    st.just("maya"),
)


def known(part: Part, other: Part, **said: Any) -> PartSubstitute:
    fields: dict[str, Any] = {
        "kind": EvidenceKind.CATALOGUE,
        "works": True,
        "by": "maya",
        "at": NOW,
    } | said
    return PartSubstitute(part_id=part.id, substitute_id=other.id, **fields)


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
    await record_substitute(session, known(part, other, at=NOW + timedelta(days=9)))
    (listed,) = await substitutes(session, part.id)
    assert listed.works
    tried = {"kind": EvidenceKind.TRIED, "ticket": "NL-7"}
    await record_substitute(session, known(part, other, works=False, **tried))

    (found,) = await substitutes(session, part.id)

    assert (found.part.sku, found.works) == (other.sku, False)
    assert [one.kind for one in found.evidence] == [EvidenceKind.TRIED, EvidenceKind.CATALOGUE]


async def test_only_what_works_both_ways_is_found_from_the_other_side(
    session: AsyncSession,
) -> None:
    part, one_way, both, gone = [
        await add_part(session, active=active) for active in (True, True, True, False)
    ]
    await record_substitute(session, known(part, one_way))
    await record_substitute(session, known(part, both, both_ways=True))
    await record_substitute(session, known(part, gone, both_ways=True))

    assert {one.part.sku for one in await substitutes(session, part.id)} == {
        one_way.sku,
        both.sku,
    }
    assert [one.part.sku for one in await substitutes(session, both.id)] == [part.sku]
    assert await substitutes(session, one_way.id) == []


async def test_the_same_evidence_again_replaces_itself(session: AsyncSession) -> None:
    part, other = [await add_part(session, active=True) for _ in range(2)]
    await record_substitute(session, known(part, other, note="first"))
    await record_substitute(session, known(part, other, note="second", works=False))
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
        await record_substitute(session, known(part, other, **said))
