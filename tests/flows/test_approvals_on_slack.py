"""What asks a manager in Slack says how it was decided, wherever that was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from flows.approval_decided import approval_decided
from hotrod.approvals.decisions import answer, ask, expire_due
from hotrod.approvals.models import Answer, Approval
from hotrod.db.columns import now
from hotrod.purchasing.models import RoundState, SourcingRound
from sandbox.server import Sandbox
from sandbox.slack.channels import Channels, PostedMessage
from tasks import slack
from tasks._resources import Resources
from tasks.slack import close_question_on_slack, tell_managers_on_slack
from tests.gateway.proposals import proposal
from tests.hotrod.approvals.kit import line, no, question, yes
from tests.shelf_kit import subjects
from tests.stand_ins import order_fault, slack_calls

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("empty_inbox")]


async def asked(kit: Resources) -> Approval:
    async with kit.database.transaction() as session:
        return await ask(session, kit.company, question(title="<!channel> & fans"), now())


async def answered(kit: Resources, one: Approval, given: Answer) -> None:
    async with kit.database.transaction() as session:
        await answer(session, kit.company, one.id, "sofia", given, now())


def shown(sandbox: Sandbox) -> list[PostedMessage]:
    """Return the messages to managers, as they are now."""
    return [one for one in sandbox.state.store(Channels).messages() if one.channel.startswith("U")]


async def test_every_message_says_who_decided_what_and_has_no_buttons(
    kit: Resources, sandbox: Sandbox
) -> None:
    one = await asked(kit)
    await tell_managers_on_slack(one.id)
    assert all("Approve" in str(message.blocks) for message in shown(sandbox))
    await answered(kit, one, yes())

    await approval_decided(one.id)
    await close_question_on_slack(one.id)

    messages = shown(sandbox)
    assert [message.channel for message in messages] == ["U0SOFIA01", "U0DANIEL1"]
    for message in messages:
        assert message.blocks == []
        assert message.text.startswith("*Approved* by Sofia")
        assert message.text.endswith("100.00 CAD for: &lt;!channel&gt; &amp; fans")
    updates = await slack_calls(sandbox, "chat.update")
    assert len(updates) == len(messages), "each is changed once"


async def test_of_fewer_pieces_the_others_are_told_by_mail_and_on_slack(
    kit: Resources, sandbox: Sandbox
) -> None:
    lines = (line("1", 4, "9.00"), line("2", 4, "9.00"))
    async with kit.database.transaction() as session:
        current = SourcingRound(
            business_key="noizylab",
            turn=1,
            proposal=proposal("HDMI").model_dump(mode="json"),
            state=RoundState.BOUGHT,
        )
        session.add(current)
        await session.flush()
        new = question("72", lines=lines, subject_id=current.id)
        one = await ask(session, kit.company, new, now())
    await tell_managers_on_slack(one.id)
    await answered(kit, one, yes(_1=3, _2=0))

    await approval_decided(one.id)

    words = "3 of 8 pieces, 27.00 of 72.00 CAD"
    for message in shown(sandbox):
        assert message.text.startswith(f"*Approved* by Sofia Marchetti. {words} for: ")
    assert await subjects(sandbox, "daniel") == [f"Approved: {words} for parts"]


async def test_a_no_is_shown_with_its_reason(kit: Resources, sandbox: Sandbox) -> None:
    one = await asked(kit)
    await tell_managers_on_slack(one.id)
    await answered(kit, one, no("two are <b> in the drawer"))

    await close_question_on_slack(one.id)

    assert {message.text.splitlines()[1] for message in shown(sandbox)} == {
        "two are &lt;b&gt; in the drawer"
    }


async def test_a_deadline_that_passed_is_shown(kit: Resources, sandbox: Sandbox) -> None:
    one = await asked(kit)
    await tell_managers_on_slack(one.id)
    async with kit.database.transaction() as session:
        await expire_due(session, one.deadline_at + timedelta(seconds=1))

    await close_question_on_slack(one.id)

    for message in shown(sandbox):
        assert message.text.startswith("*Not decided in time*: it isn't bought. 100.00 CAD for")
        assert message.blocks == []


async def test_an_open_question_keeps_its_buttons(kit: Resources, sandbox: Sandbox) -> None:
    one = await asked(kit)
    await tell_managers_on_slack(one.id)
    await close_question_on_slack(one.id)
    assert all(message.blocks for message in shown(sandbox))


async def test_what_is_decided_already_is_not_asked(kit: Resources, sandbox: Sandbox) -> None:
    one = await asked(kit)
    await answered(kit, one, yes())
    await tell_managers_on_slack(one.id)
    assert shown(sandbox) == []


async def test_what_is_decided_while_it_is_posted_is_closed_all_the_same(
    kit: Resources, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, post = await asked(kit), slack._post

    async def post_and_hear_the_answer(*given: Any) -> None:
        if not shown(sandbox):
            await answered(kit, one, yes())
            await close_question_on_slack(one.id)
        await post(*given)

    monkeypatch.setattr(slack, "_post", post_and_hear_the_answer)
    await tell_managers_on_slack(one.id)

    assert shown(sandbox)
    assert all(message.blocks == [] for message in shown(sandbox))


async def test_a_message_that_somebody_deleted_holds_up_no_other(
    kit: Resources, sandbox: Sandbox
) -> None:
    one = await asked(kit)
    await tell_managers_on_slack(one.id)
    await answered(kit, one, yes())
    sandbox.state.store(Channels)._kept.popleft()

    await close_question_on_slack(one.id)

    assert [message.blocks for message in shown(sandbox)] == [[]]


async def test_slack_is_asked_again_when_it_was_away(kit: Resources, sandbox: Sandbox) -> None:
    one = await asked(kit)
    await tell_managers_on_slack(one.id)
    await answered(kit, one, yes())
    await order_fault(sandbox, service="slack", kind="error", count=1)

    await close_question_on_slack(one.id)

    assert all(message.blocks == [] for message in shown(sandbox))


async def test_a_long_proposal_says_how_many_lines_are_left_out(
    kit: Resources, sandbox: Sandbox
) -> None:
    lines = tuple(line(str(number), 1, "0.10") for number in range(200))
    async with kit.database.transaction() as session:
        one = await ask(session, kit.company, question(lines=lines), now())

    await tell_managers_on_slack(one.id)

    text = shown(sandbox)[0].blocks[0]["text"]["text"]
    assert len(text) <= 3_000
    shown_lines = text.count("- PART-")
    assert text.endswith(f"and {200 - shown_lines} more")
    assert "|Look at it>" in text
