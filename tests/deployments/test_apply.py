"""prefect.yaml, the triggers, and what the server holds of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.context import AsyncClientContext
from prefect.utilities.callables import parameter_schema

from deployments.apply import apply_deployments, ensure_work_pool, read_deployments
from deployments.triggers import TRIGGERS
from deployments.warm_worker import WORKER_TYPE, WarmWorker
from hotrod.settings import Settings

SPECS = {spec.name: spec for spec in read_deployments()}


def test_every_parameter_is_typed_and_described_for_the_form() -> None:
    for spec in SPECS.values():
        for name, field in parameter_schema(spec.flow()).properties.items():
            assert field.get("description"), f"{spec.name}: {name}"
            assert {"type", "anyOf", "$ref"} & set(field), f"{spec.name}: {name}"


@pytest.mark.parametrize("trigger", TRIGGERS.values(), ids=TRIGGERS.keys())
def test_every_trigger_starts_a_deployment_with_all_that_it_needs(trigger: object) -> None:
    from deployments.triggers import Trigger

    assert isinstance(trigger, Trigger)
    flow_name, _, name = trigger.deployment.partition("/")
    flow = SPECS[name].flow()
    assert flow.name == flow_name
    schema = parameter_schema(flow)
    assert set(schema.required) <= set(trigger.parameters) <= set(schema.properties)


def test_a_payload_becomes_parameters_and_tags() -> None:
    trigger = TRIGGERS["quote.decided"]
    payload = {"ticket": "NL-1", "quote": "q", "other": 1}
    assert trigger.parameters_of(payload) == {"ticket": "NL-1", "quote": "q"}
    assert trigger.tags_of(payload, "noizylab") == ["business:noizylab", "ticket:NL-1"]
    with pytest.raises(KeyError):
        trigger.parameters_of({"ticket": "NL-1"})


@pytest.fixture
async def client(prefect_server: Settings) -> AsyncIterator[PrefectClient]:
    async with AsyncClientContext(), get_client() as client:
        yield client


@pytest.mark.prefect
async def test_applied_twice_the_server_holds_each_deployment_once(
    client: PrefectClient,
) -> None:
    template = WarmWorker.get_default_base_job_template()
    await ensure_work_pool(client, "applied", WORKER_TYPE, template)
    first = await apply_deployments(client, list(SPECS.values()), "applied")
    second = await apply_deployments(client, list(SPECS.values()), "applied")
    assert {name: one.id for name, one in first.items()} == {
        name: one.id for name, one in second.items()
    }
    reminders = await client.read_deployment(second["quote-reminders/quote-reminders"].id)
    assert reminders.work_pool_name == "applied"
    assert reminders.global_concurrency_limit is not None
    assert reminders.global_concurrency_limit.limit == 1
    assert len(reminders.schedules) == 1
    intake = await client.read_deployment(second["repair-intake/repair-intake"].id)
    assert intake.parameter_openapi_schema is not None
    assert "ticket" in intake.parameter_openapi_schema["properties"]
