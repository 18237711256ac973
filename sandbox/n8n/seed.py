"""The workflows of the AI gateway, and what they did with the story's repairs."""

from __future__ import annotations

from dataclasses import replace

from sandbox.n8n.store import Automation, Workflow
from sandbox.state import SandboxState
from sandbox.story import Story

LEAD = Workflow(
    id="LeadIntake000001", name="Lead intake", webhook_path="lead", active=True, tags=("leads",)
)
TRIAGE = Workflow(
    id="RepairTriage0001",
    name="Repair triage",
    webhook_path="triage",
    waits=True,
    active=True,
    tags=("repairs", "ai"),
)
DIGEST = Workflow(id="WeeklyDigest0001", name="Weekly digest", tags=("reports",))
_FAILS_EACH = 7


def seed(state: SandboxState, story: Story) -> None:
    """Keep the workflows, and let the triage run on each repair; some runs fail."""
    automation = state.store(Automation)
    for workflow in (LEAD, TRIAGE, DIGEST):
        automation.put(workflow)
    for place, repair in enumerate(story.repairs):
        fails = place % _FAILS_EACH == 0
        body = {"device": f"{repair.brand} {repair.model}", "subject": repair.subject}
        automation.run(replace(TRIAGE, fails=fails), "webhook", {"query": {}, "body": body})
