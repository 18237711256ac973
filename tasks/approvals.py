"""Steps about questions to managers: how one stands, and what came in by Prefect's form."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

from prefect import task
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import StateType
from prefect.exceptions import NotPausedError, ObjectNotFound, PrefectHTTPStatusError
from prefect.flow_runs import aresume_flow_run
from prefect.states import AwaitingRetry

from connectors._http.errors import TransientError
from hotrod.approvals.decisions import answer, expire_due
from hotrod.approvals.models import Answer, Approval, Result, Via
from hotrod.approvals.store import (
    decided_since,
    due_reminders,
    is_newest,
    note_reminded,
    read_approval,
)
from hotrod.db.columns import now
from hotrod.links import Choice
from hotrod.purchasing.models import SourcingRound
from tasks._policy import OUTWARD, RECORD
from tasks._resources import resources

_LOOKS = 10
_LOOK_SECONDS = 0.5
_LOOKED_AFTER = timedelta(days=3)


async def read_question(approval: UUID) -> tuple[Approval, SourcingRound | None]:
    """Return a question as it is now, and the round that it is about.

    No step, since it must be read anew each time.
    """
    async with resources().database.transaction() as session:
        question = (await read_approval(session, approval)).approval
        return question, await session.get(SourcingRound, question.subject_id)


def managers() -> tuple[str, ...]:
    """Return the keys of all managers."""
    return tuple(manager.key for manager in resources().company.managers)


@task(name="record answer", **RECORD)
async def record_answer(
    approval: UUID,
    turn: int,  # noqa: ARG001 - the same answer given twice is two answers
    manager: str,
    choice: Choice,
    quantities: dict[str, int],
    reason: str,
) -> str:
    """Record what a manager answered in the Prefect UI; return what became of it, in words."""
    kit = resources()
    given = Answer(choice, Via.PREFECT, quantities, reason, address="Prefect UI")
    async with kit.database.transaction() as session:
        outcome = await answer(session, kit.company, approval, manager, given, now())
    return "" if outcome.result is Result.COUNTED else outcome.words


@task(name="find due reminders of approvals", **RECORD)
async def find_approvals_to_remind() -> list[UUID]:
    """Return the open questions whose reminder is due."""
    async with resources().database.transaction() as session:
        return [one.id for one in await due_reminders(session, now())]


@task(name="note reminder", **RECORD)
async def note_reminder(approval: UUID) -> None:
    """Say that managers were reminded."""
    async with resources().database.transaction() as session:
        await note_reminded(session, [approval], now())


@task(name="expire approvals", **RECORD)
async def expire_approvals() -> int:
    """Answer with no what nobody has answered by its deadline; return how many those are."""
    async with resources().database.transaction() as session:
        return len(await expire_due(session, now()))


@task(name="find decided approvals", **RECORD)
async def find_decided_approvals() -> list[UUID]:
    """Return the questions that were decided in the last days, and for which a run waited."""
    async with resources().database.transaction() as session:
        return [one.id for one in await decided_since(session, now() - _LOOKED_AFTER)]


@task(name="resume run", **OUTWARD)
async def resume_run(approval: UUID) -> bool:
    """Wake the run that waits for a question, and tell whether it slept.

    A run that sleeps because of a newer question about the same is left alone. One at work has
    seen the answer, or is about to sleep: it is watched for some seconds. One that falls asleep
    later still is found by ``find_decided_approvals``.
    """
    async with resources().database.transaction() as session:
        question = (await read_approval(session, approval)).approval
    run_id = question.run_id
    if run_id is None:
        return False
    async with get_client() as client:
        for _ in range(_LOOKS):
            try:
                state = (await client.read_flow_run(run_id)).state
            except ObjectNotFound:
                return False
            if state is None or state.is_final():
                return False
            if state.type == StateType.PAUSED:
                return await _is_newest(question) and await _resume(client, run_id)
            await asyncio.sleep(_LOOK_SECONDS)
    return False


async def _is_newest(question: Approval) -> bool:
    async with resources().database.transaction() as session:
        return await is_newest(session, question)


async def _resume(client: PrefectClient, run_id: UUID) -> bool:
    try:
        await aresume_flow_run(run_id)
    except NotPausedError:
        return False  # somebody else was faster
    except PrefectHTTPStatusError as error:  # somebody else at the same moment
        raise TransientError(
            "prefect", "resume", f"answered {error.response.status_code}"
        ) from None
    except RuntimeError:  # its worker died before it had told Prefect what the form asks
        await client.set_flow_run_state(run_id, AwaitingRetry(), force=True)
    return True
