"""What stands above the form that a manager fills in, in the Prefect UI."""

from __future__ import annotations

from datetime import date

import pytest

from flows._decision import form_of
from hotrod.approvals.decisions import ask
from hotrod.approvals.models import Approval
from hotrod.db.columns import now
from hotrod.purchasing.models import SourcingRound
from hotrod.sourcing.models import Missing
from tasks._resources import Resources
from tasks.approvals import record_answer
from tasks.purchase_artifacts import proposal_in_words
from tests.hotrod.approvals.kit import line, question
from tests.hotrod.purchasing.kit import proposal_for

pytestmark = pytest.mark.prefect
PAGE = "https://www.ebay.ca/itm/1"
PICTURE = "https://i.ebayimg.com/images/g/abc/s-l1600.jpg"


async def asked(kit: Resources, amount: str = "100") -> Approval:
    shown = line("1", 4, "6.00").model_copy(
        update={
            "words": "port ](https://evil.example.com) <b>",
            "url": PAGE,
            "picture_url": PICTURE,
            "stock_out_on": date(2026, 12, 9),
        }
    )
    async with kit.database.transaction() as session:
        new = question(amount, lines=(shown, line("2", 1, "40.00")))
        return await ask(session, kit.company, new, now())


def sourcing_round() -> SourcingRound:
    lacking = (Missing(sku="FAN-1", quantity=2, why="nobody offers it"),)
    proposal = proposal_for("PART-1").model_copy(update={"missing": lacking})
    return SourcingRound(
        business_key="noizylab",
        proposal=proposal.model_dump(mode="json"),
        advice="Take both.\n# The second is slower.",
        unsearched={"ebay": "it answered 503"},
    )


async def test_the_proposal_is_shown_whole(kit: Resources) -> None:
    current = sourcing_round()
    shown = proposal_in_words(await asked(kit), current)
    for words in (
        "## 100.00 CAD for parts",
        "**PART-1** 4 x 6.00 of part\\_planet",
        f"]({PAGE})",
        f"[picture]({PICTURE})",
        "Out of stock on **2026-12-09**",
        "2 of FAN-1 can't be bought: nobody offers it",
        "ebay could not be searched: it answered 503",
        "> Take both.",
        "> \\# The second is slower.",
        f"{kit.settings.prefect_url}/artifacts/key/parts-{str(current.id)[:8]}-offers",
    ):
        assert words in shown
    assert "Two managers" not in shown


async def test_words_of_a_listing_are_no_markup(kit: Resources) -> None:
    shown = proposal_in_words(await asked(kit), sourcing_round())
    assert "](https://evil.example.com)" not in shown.replace("\\]", "")
    assert "\\<b\\>" in shown


async def test_a_question_about_something_else_is_shown_too(kit: Resources) -> None:
    shown = proposal_in_words(await asked(kit, "2000"), None)
    assert "Two managers must agree, one of them by the link in the mail or in Slack." in shown
    assert "artifacts" not in shown


async def test_why_an_answer_did_not_count_stands_first(kit: Resources) -> None:
    form = form_of(await asked(kit), ("sofia",), "The proposal.", "Say who you are.")
    assert form._description == "**Not taken: Say who you are.**\n\nThe proposal."
    fine = form_of(await asked(kit), ("sofia",), "The proposal.", "")
    assert fine._description == "The proposal."


async def test_the_form_tells_how_many_are_sold_and_takes_no_others(kit: Resources) -> None:
    packs = line("1", 20, "2.00", pack_size=5, least=10)
    async with kit.database.transaction() as session:
        approval = await ask(session, kit.company, question(lines=(packs,)), now())
    fields = form_of(approval, ("sofia",), "The proposal.", "").model_fields
    assert fields["quantity_1"].title == "PART-1: pieces, 0, or 10 to 20 in packs of 5"
    said = await record_answer.fn(approval.id, 1, "sofia", "approve", {"1": 12}, "")
    assert "it isn't sold in so many. Give 0, or 10 to 20 in packs of 5." in said
    assert await record_answer.fn(approval.id, 2, "sofia", "approve", {"1": 15}, "") == ""
