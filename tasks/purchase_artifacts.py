"""What the Prefect UI shows of a run that buys parts: what is proposed, and how it ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.runtime import flow_run

from hotrod.approvals.models import Approval, ApprovalAnswer, Line, Result
from hotrod.approvals.store import approvals_about, read_approval
from hotrod.company.models import Company
from hotrod.money import figure, money
from hotrod.purchasing.models import Purchase, SourcingRound
from hotrod.purchasing.store import proposal_of, purchases, read_round
from hotrod.purchasing.words import missing, unsearched
from hotrod.sourcing.models import Proposal, Score
from hotrod.sourcing.reductions import numbered, scores_by_line
from tasks._markdown import linked, plain
from tasks._resources import resources

_SHOWN = ("offers", "proposal")
_TWO = "Two managers must agree, one of them by the link in the mail or in Slack."
_ALTERNATIVES = 40
"""Offers that weren't taken, of which a table shows so many at most."""


def key_of(sourcing_round: UUID, what: str) -> str:
    """Return the key of an artifact about a round, e.g. of its offers."""
    return f"parts-{str(sourcing_round)[:8]}-{what}"


async def publish_proposal(sourcing_round: UUID) -> None:
    """Attach to the run what a round of sourcing proposes: the offers, taken or not, and why."""
    async with resources().database.transaction() as session:
        current = await read_round(session, sourcing_round)
    proposal = proposal_of(current)
    scores = scores_by_line(proposal)
    taken = [
        {
            "part": line.sku,
            "take": line.quantity,
            "offer": linked(line.offer.title, line.offer.url),
            "picture": linked("picture", url) if (url := line.offer.picture_url) else "",
            "seller": plain(line.offer.seller.name),
            "amount": figure(line.amount),
            "points": line.points,
            "why": _points(scores.get(number)) or plain(line.words),
        }
        for number, line in numbered(proposal).items()
    ]
    others = [
        {
            "part": one.sku,
            "take": 0,
            "offer": linked(one.offer.title, one.offer.url),
            "picture": linked("picture", url) if (url := one.offer.picture_url) else "",
            "seller": plain(one.offer.seller.name),
            "amount": figure(one.score.cost.total) if one.score.cost else "",
            "points": one.score.points,
            "why": _points(one.score),
        }
        for one in proposal.alternatives[:_ALTERNATIVES]
    ]
    await acreate_table_artifact(
        key=key_of(sourcing_round, "offers"),
        table=taken + others,
        description=f"Offers, {money(proposal.total, proposal.currency)} in all",
    )
    await acreate_markdown_artifact(
        key=key_of(sourcing_round, "proposal"),
        markdown=proposal_markdown(current, proposal),
        description="What to buy, and why",
    )


def _points(score: Score | None) -> str:
    """Return a score point by point."""
    reasons = score.reasons if score else ()
    return "; ".join(f"{why.points:+d} {plain(why.words)}" for why in reasons)


async def publish_end(sourcing_round: UUID | None, end: str) -> None:
    """Attach to the run how it ended: what was answered by whom, and what was bought.

    Args:
        sourcing_round: the run's; None: there was nothing to look for.
        end: as the flow returns it.
    """
    kit = resources()
    if sourcing_round is None:
        run = str(flow_run.id or "")[:8]
        markdown = "# Nothing low\n\nNo part is low that isn't taken care of or at rest."
        await acreate_markdown_artifact(
            key=f"parts-{run or 'none'}-end", markdown=markdown, description="Nothing low"
        )
        return
    async with kit.database.transaction() as session:
        current = await read_round(session, sourcing_round)
        bought = await purchases(session, round_id=sourcing_round)
        asked = await approvals_about(session, sourcing_round)
        answers = [
            given for one in asked for given in (await read_approval(session, one.id)).answers
        ]
    await acreate_markdown_artifact(
        key=key_of(sourcing_round, "end"),
        markdown=end_markdown(current, end, answers, bought),
        description=_heading(end),
    )


def end_markdown(
    current: SourcingRound,
    end: str,
    answers: list[ApprovalAnswer],
    bought: list[Purchase],
) -> str:
    """Return how a round ended as Markdown: the answers that counted, and the purchases."""
    kit = resources()
    skus = ", ".join(plain(need["wanted"]["sku"]) for need in current.needs)
    lines = [f"# {_heading(end)}", "", f"Looked for: {skus}."]
    decided = [
        f"- {_answer(kit.company, one)}"
        for one in answers
        if one.result in {Result.COUNTED, Result.FIRST_OF_TWO}
    ]
    if decided:
        lines += ["", "## Decided", "", *decided]
    if end == "declined" and current.closed_at is not None:
        days = timedelta(days=kit.company.sourcing.decline_rest_days)
        until = (current.closed_at + days).astimezone(kit.company.zone)
        lines += ["", f"The parts rest until {until:%F}."]
    elif end == "prices_never_hold":
        lines += ["", plain(current.why_again)]
    elif end == "expired":
        lines += ["", "Nobody decided by the deadline; it is asked again tomorrow."]
    placed = [
        f"- [{one.number}]({kit.links.purchase_url(one.id)}) of {plain(one.seller)},"
        f" {money(one.total, one.currency)}: {one.state.replace('_', ' ')}"
        for one in bought
    ]
    if placed:
        lines += ["", "## Bought", "", *placed]
    lacks = [f"- {plain(words)}" for words in (*missing(current), *unsearched(current))]
    if lacks:
        lines += ["", "## Missing", "", *lacks]
    return "\n".join(lines)


def proposal_markdown(current: SourcingRound, proposal: Proposal) -> str:
    """Return a proposal as markdown: what is needed, what is bought, what the model says."""
    needed = [
        f"- **{need['wanted']['sku']}** {need['wanted']['quantity']}: {plain(need['reason'])}"
        + (
            f" Out of stock on {need['wanted']['stock_out_on']}."
            * bool(need["wanted"].get("stock_out_on"))
        )
        for need in current.needs
    ]
    lines = [
        f"# {money(proposal.total, proposal.currency)} for parts",
        "",
        "## Needed",
        "",
        *needed,
        "",
        "## Proposed",
        "",
        *(f"- {plain(reason)}" for reason in proposal.reasons),
        *(f"- {plain(words)}" for words in unsearched(current)),
    ]
    if current.advice:
        said = (f"> {plain(line)}" for line in current.advice.splitlines())
        lines += ["", "## What the model says", "", *said]
    return "\n".join(lines)


def proposal_in_words(question: Approval, current: SourcingRound | None) -> str:
    """Return what stands above the form of a question, as Markdown.

    All that a manager needs to answer: each line with its page, its picture and the day when none
    will be left; what the proposal lacks; and where all offers are.

    Args:
        question: what is asked.
        current: the round that it is about; None: it isn't about parts.
    """
    lines = [
        f"## {money(question.amount, question.currency)} for parts",
        "",
        *([plain(question.why_again), ""] if question.why_again else []),
        *(f"- {_line(line)}" for line in question.items),
        "",
        f"By {_moment(question.deadline_at)}, else nothing is bought.",
        *([_TWO] if question.needs > 1 else []),
    ]
    if current is not None:
        lacks = [f"- {plain(words)}" for words in (*missing(current), *unsearched(current))]
        said = (f"> {plain(line)}" for line in current.advice.splitlines())
        lines += ["", *lacks, "", *said, "", _all_offers(current.id)]
    return "\n".join(lines)


def _moment(at: datetime) -> str:
    """Return a moment by the company's clock, with its zone."""
    return f"{at.astimezone(resources().company.zone):%F %H:%M %Z}"


def _line(line: Line) -> str:
    words = (
        f"**{plain(line.sku)}** {line.figures}"
        f" of {plain(line.seller)}: {linked(line.words, line.url)}"
    )
    picture = f", {linked('picture', line.picture_url)}" if line.picture_url else ""
    until = f". Out of stock on **{line.stock_out_on}**" if line.stock_out_on else ""
    return words + picture + until


def _all_offers(sourcing_round: UUID) -> str:
    ui = resources().settings.prefect_url
    offers, why = (f"{ui}/artifacts/key/{key_of(sourcing_round, one)}" for one in _SHOWN)
    return f"[All offers]({offers}) · [What is needed, and why]({why})"


def _heading(end: str) -> str:
    return end.replace("_", " ").capitalize()


def _answer(company: Company, given: ApprovalAnswer) -> str:
    manager = company.manager(given.manager)
    name = plain(manager.name if manager else given.manager)
    reason = f": {plain(' '.join(given.reason.split()))}" if given.reason else ""
    return f"{given.choice} by {name}, {given.via}, {_moment(given.at)}{reason}"
