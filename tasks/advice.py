"""The step in which Claude reads the best offers, and says what it thinks of the proposal."""

from __future__ import annotations

from uuid import UUID

from prefect import task

from connectors.claude.models import TextPart
from hotrod.ai.budget import spending_on
from hotrod.purchasing.store import proposal_of, read_round
from hotrod.sourcing.advice import OfferAdvice, advice_prompt, in_words
from tasks._policy import ASKING
from tasks._resources import resources

_LONGEST_ANSWER = 1_500


@task(name="advise managers", **ASKING)
async def advise_managers(sourcing_round: UUID, turn: int) -> None:  # noqa: ARG001 - each turn anew
    """Keep what Claude says of the proposal; without a key, or switched off, nothing.

    It changes no score and no choice: managers read it beside them.

    Raises:
        ConnectorError: Claude can't be asked now; the proposal does without.
    """
    kit = resources()
    if kit.claude is None or not kit.company.sourcing.model_reads_offers:
        return
    async with kit.database.transaction() as session:
        proposal = proposal_of(await read_round(session, sourcing_round))
    system, text = advice_prompt(proposal)
    with spending_on("offers", None):
        answer = await kit.claude.complete(
            system=system,
            content=[TextPart(text=text)],
            schema=OfferAdvice,
            max_output_tokens=_LONGEST_ANSWER,
        )
    skus = [line.sku for order in proposal.orders for line in order.lines]
    async with kit.database.transaction() as session:
        current = await read_round(session, sourcing_round, lock=True)
        current.advice = in_words(answer.value, skus)
        session.add(current)
