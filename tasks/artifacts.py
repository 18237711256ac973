"""What the Prefect UI shows of a run: its name and tags, the diagnosis, the quote, the links.

Customers' words stay out: the UI is open to all of ops.
"""

from __future__ import annotations

import asyncio
from uuid import UUID

from prefect import get_client
from prefect.artifacts import (
    acreate_link_artifact,
    acreate_markdown_artifact,
    acreate_table_artifact,
)
from prefect.runtime import flow_run

from hotrod.money import figure, money
from hotrod.quoting.store import read_quote
from hotrod.repairs.models import Diagnosis
from hotrod.repairs.store import read_diagnosis, read_ticket
from tasks._markdown import plain
from tasks._resources import resources
from tasks.records import Request


async def label_run(ticket: str, request: Request) -> None:
    """Give the run its name and tags, if it doesn't bear them yet (started in the UI)."""
    name = f"{ticket} {request.title}"
    tags = {f"ticket:{ticket}", f"business:{request.business}"}
    if flow_run.id is None or (flow_run.name == name and tags <= set(flow_run.tags)):
        return
    async with get_client() as client:
        await client.update_flow_run(
            UUID(str(flow_run.id)), name=name, tags=sorted(tags | set(flow_run.tags))
        )


async def publish(ticket: str, *, diagnosis: UUID | None = None, quote: UUID | None = None) -> None:
    """Attach to the run: a link to the ticket, and its diagnosis and quote where there are any."""
    works = [_publish_link(ticket)]
    if diagnosis is not None:
        works.append(_publish_diagnosis(ticket, diagnosis))
    if quote is not None:
        works.append(_publish_quote(ticket, quote))
    await asyncio.gather(*works)


async def _publish_link(ticket: str) -> None:
    kit = resources()
    async with kit.database.transaction() as session:
        file = await read_ticket(session, ticket)
    await acreate_link_artifact(
        link=kit.links.view_url(file.ticket.id),
        link_text=f"{ticket} as the customer sees it",
        key=f"{ticket.lower()}-ticket",
        description=f"{ticket} {file.ticket.title}",
    )


async def _publish_diagnosis(ticket: str, diagnosis_id: UUID) -> None:
    async with resources().database.transaction() as session:
        diagnosis = await read_diagnosis(session, diagnosis_id)
    await acreate_markdown_artifact(
        key=f"{ticket.lower()}-diagnosis",
        markdown=diagnosis_markdown(ticket, diagnosis),
        description=f"Diagnosis of {ticket}",
    )


async def _publish_quote(ticket: str, quote_id: UUID) -> None:
    async with resources().database.transaction() as session:
        found = await read_quote(session, quote_id)
    rows = [
        {
            "line": line.description,
            "quantity": f"{line.quantity.normalize():f}",
            "amount": figure(line.amount),
            "why": line.reason,
        }
        for line in found.lines
    ]
    total = money(found.quote.total, found.quote.currency)
    rows.append({"line": "Total", "quantity": "", "amount": total, "why": ""})
    await acreate_table_artifact(
        key=f"{ticket.lower()}-quote",
        table=rows,
        description=f"Quote v{found.quote.version} for {ticket}",
    )


def diagnosis_markdown(ticket: str, diagnosis: Diagnosis) -> str:
    """Return a diagnosis as markdown; evidence by source and reason, not by quote."""
    author = (
        f"Claude ({diagnosis.model})"
        if diagnosis.source == "claude"
        else f"rules ({diagnosis.model}), because of {diagnosis.because}; a technician looks at it"
    )
    sections = {
        "Evidence": [f"{item['source']}: {item['why']}" for item in diagnosis.evidence],
        "Likely parts": diagnosis.likely_parts,
        "Plan": diagnosis.plan,
        "Questions": diagnosis.questions,
    }
    summary = (
        f"**{diagnosis.category}**, confidence {float(diagnosis.confidence):.0%}, "
        f"{diagnosis.labour_hours:f} h. By {plain(author)}."
    )
    lines = [
        f"# {ticket}: {plain(diagnosis.fault)}",
        "",
        summary,
    ]
    for heading, entries in sections.items():
        if entries:
            lines += ["", f"## {heading}", "", *(f"- {plain(entry)}" for entry in entries)]
    return "\n".join(lines)
