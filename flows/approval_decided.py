"""A question to managers was decided: what waited for it goes on, and the others are told."""

from __future__ import annotations

import asyncio
from uuid import UUID

from prefect import flow

from flows._attempt import attempt
from tasks.approvals import resume_run
from tasks.letters import tell_other_managers
from tasks.slack import close_question_on_slack


@flow(name="approval-decided", persist_result=True)
async def approval_decided(approval: UUID) -> None:
    """Wake the run that waits for a question, and tell the managers who need not answer any more.

    What asked them in Slack says then how it was decided, and has no buttons any more.

    Started by the event ``approval.decided``; the decision itself is recorded by then.

    Args:
        approval: Id of the question.
    """
    await resume_run(approval)
    await asyncio.gather(
        attempt(tell_other_managers(approval)), attempt(close_question_on_slack(approval))
    )
