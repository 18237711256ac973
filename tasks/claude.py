"""Steps that ask Claude."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from prefect import task

from connectors.claude.models import ImagePart, ImageType, TextPart
from hotrod.ai.budget import spending_on
from hotrod.analytics.store import record_step
from hotrod.errors import HotrodError
from hotrod.repairs.diagnosis import DiagnosisDraft, ground
from hotrod.repairs.prompts import PROMPT_VERSION, diagnosis_prompt
from hotrod.repairs.store import add_diagnosis, latest_diagnosis, lock_ticket, photos, read_ticket
from tasks._policy import ASKING
from tasks._resources import resources

UNSURE = 0.4
"""Below this confidence a technician looks at the ticket."""


class NoKeyError(HotrodError):
    """Claude can't be asked: no API key is set."""

    def __init__(self) -> None:
        super().__init__("HOTROD_CLAUDE__API_KEY is not set; diagnosis works by rules")


@task(name="diagnose with Claude", **ASKING)
async def diagnose_with_claude(ticket: str) -> UUID:
    """Have Claude read the request and its photos; store what can be checked of the answer.

    A ticket that has a diagnosis keeps it.

    Raises:
        NoKeyError, ConnectorError: Claude can't be asked now; the diagnosis
            by rules takes over.
    """
    kit = resources()
    async with kit.database.transaction() as session:
        file = await read_ticket(session, ticket)
        known = await latest_diagnosis(session, file.ticket.id)
        pictures = await photos(session, file.ticket.id)
    if known is not None:
        return known.id
    if kit.claude is None:
        raise NoKeyError
    system, text = diagnosis_prompt(file.request_facts(len(pictures)))
    content: list[TextPart | ImagePart] = [
        ImagePart(
            cast("ImageType", picture.content_type), await kit.objects.get(picture.object_key)
        )
        for picture in pictures
    ]
    content.append(TextPart(text=text))

    with spending_on("diagnosis", file.ticket.id):
        answer = await kit.claude.complete(
            system=system,
            content=content,
            schema=DiagnosisDraft,
            max_output_tokens=kit.settings.claude.max_output_tokens,
        )

    draft = ground(answer.value, file.ticket.problem, len(pictures))
    async with kit.database.transaction() as session:
        row = await lock_ticket(session, ticket)
        row.needs_review = row.needs_review or draft.confidence < UNSURE
        session.add(row)
        diagnosis = await add_diagnosis(
            session,
            row.id,
            draft,
            source="claude",
            model=answer.model,
            because=f"prompt {PROMPT_VERSION}",
        )
        await record_step(session, "diagnosed", row.business_key, row.id, source="claude")
        return diagnosis.id
