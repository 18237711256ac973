"""A run waits for managers: asleep, without a worker, until somebody has decided.

The same question is answered here by a form of the Prefect UI, and elsewhere by a link, in Slack
or by the command; whoever is first decides, and the run goes on.
"""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from prefect.flow_runs import asuspend_flow_run
from prefect.input import RunInput
from pydantic import Field, create_model

from hotrod.approvals.models import Approval, ApprovalState
from tasks.approvals import managers, read_question, record_answer
from tasks.purchase_artifacts import proposal_in_words

NOBODY = "choose"
_QUANTITY = "quantity_"


async def decided(approval: UUID) -> ApprovalState:
    """Wait until a question is decided, and return how; what is answered wrongly is asked again.

    Raises:
        Pause: the run sleeps; it begins anew when it is resumed, and comes by here again.
    """
    turn, said = 0, ""
    while True:
        question, sourcing_round = await read_question(approval)
        if question.state != ApprovalState.OPEN:
            return ApprovalState(question.state)
        form = form_of(question, managers(), proposal_in_words(question, sourcing_round), said)
        given = await asuspend_flow_run(wait_for_input=form, key=f"{approval}-{turn}")
        said = await _record(approval, turn, given.model_dump())
        turn += 1


async def _record(approval: UUID, turn: int, given: dict[str, Any]) -> str:
    """Record an answer; resumed by an answer that came elsewhere, the form is empty."""
    if given["manager"] == NOBODY:
        return "Say who you are: choose a manager."
    return await record_answer(
        approval,
        turn,
        given["manager"],
        given["decision"],
        {
            name.removeprefix(_QUANTITY): pieces
            for name, pieces in given.items()
            if name.startswith(_QUANTITY)
        },
        given["reason"],
    )


def form_of(question: Approval, keys: tuple[str, ...], proposal: str, said: str) -> type[RunInput]:
    """Return the form of a question as the Prefect UI shows it.

    Args:
        question: what is asked.
        keys: of the managers.
        proposal: what is proposed, as Markdown; shown above the form.
        said: why the last answer didn't count, if it didn't.
    """
    quantities: dict[str, Any] = {
        f"{_QUANTITY}{line.id}": (
            int,
            Field(
                line.quantity,
                ge=0,
                le=line.quantity,
                title=f"{line.sku}: pieces, {line.possible}",
                description=f"{line.seller}: {line.words}",
            ),
        )
        for line in question.items
    }
    fields: dict[str, Any] = {
        "manager": (
            Literal[(NOBODY, *keys)],
            Field(NOBODY, title="Who you are", description="Your key in the company file."),
        ),
        "decision": (Literal["decline", "approve"], Field("decline", title="Your decision")),
        **quantities,
        "reason": (str, Field("", title="Reason", description="Needed to decline.")),
    }
    form: type[RunInput] = create_model("ManagersAnswer", __base__=RunInput, **fields)
    refused = f"**Not taken: {said}**\n\n" if said else ""
    return form.with_initial_data(description=refused + proposal)
