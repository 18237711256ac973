"""The stand-ins' answers against the vendors' published contracts, where these are at hand."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from hotrod.repairs.diagnosis import DiagnosisDraft

jsonschema = pytest.importorskip("jsonschema")
yaml = pytest.importorskip("yaml")

SPECS = Path(__file__).parents[3] / "shared" / "specs"
CLAUDE = {"x-api-key": "sandbox-key", "anthropic-version": "2023-06-01"}
SLACK = {"Authorization": "Bearer xoxb-sandbox"}

pytestmark = pytest.mark.skipif(not SPECS.is_dir(), reason="no vendors' contracts beside the clone")


@lru_cache(maxsize=1)
def anthropic_contract() -> dict[str, Any]:
    text = (SPECS / "anthropic" / "openapi.messages-subset.yaml").read_text()
    contract: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return contract


def check_claude(schema: str, document: object) -> None:
    contract = {"$ref": f"#/components/schemas/{schema}", **anthropic_contract()}
    jsonschema.Draft202012Validator(contract).validate(document)


@lru_cache(maxsize=1)
def slack_contract() -> dict[str, Any]:
    contract: dict[str, Any] = json.loads((SPECS / "slack/slack_web_openapi_v2.json").read_text())
    return contract


@pytest.mark.parametrize("with_tool", [True, False])
async def test_claude_answers(client: httpx.AsyncClient, with_tool: bool) -> None:  # noqa: FBT001
    tool = {"name": "diagnose", "input_schema": DiagnosisDraft.model_json_schema()}
    question = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 1000,
        "messages": [{"role": "user", "content": "PS5: no picture"}],
        **({"tools": [tool], "tool_choice": {"type": "any"}} if with_tool else {}),
    }
    check_claude("CreateMessageParams", question)
    answer = await client.post("/claude/v1/messages", json=question, headers=CLAUDE)
    check_claude("Message", answer.json())
    if with_tool:
        schema = DiagnosisDraft.model_json_schema()
        jsonschema.validate(answer.json()["content"][0]["input"], schema)


async def test_claude_models_counts_and_errors(client: httpx.AsyncClient) -> None:
    models = await client.get("/claude/v1/models", headers=CLAUDE)
    for model in models.json()["data"]:
        check_claude("ModelInfo", model)
    question = {"model": "claude-sonnet-5-5", "messages": [{"role": "user", "content": "hi"}]}
    counted = await client.post("/claude/v1/messages/count_tokens", json=question, headers=CLAUDE)
    check_claude("CountMessageTokensResponse", counted.json())
    for headers in ({}, CLAUDE):
        refused = await client.post("/claude/v1/messages", json={}, headers=headers)
        check_claude("ErrorResponse", refused.json())


async def test_slack_answers(client: httpx.AsyncClient) -> None:
    url = "/slack/api/chat.postMessage"
    responses = slack_contract()["paths"]["/chat.postMessage"]["post"]["responses"]
    message = {"channel": "#repairs", "text": "hi"}
    posted = (await client.post(url, json=message, headers=SLACK)).json()
    success = responses["200"]["schema"]
    assert set(success["required"]) <= posted.keys() <= set(success["properties"])
    timestamp = slack_contract()["definitions"]["defs_ts"]
    channel = slack_contract()["definitions"]["defs_channel"]
    jsonschema.validate(posted["ts"], timestamp)
    jsonschema.validate(posted["channel"], channel)
    assert (
        posted["message"].keys()
        <= responses["200"]["examples"]["application/json"]["message"].keys()
    )
    errors = responses["default"]["schema"]["properties"]["error"]["enum"]
    for wrong, headers in (
        ({}, {}),
        ({}, {"Authorization": "Bearer no"}),
        ({"channel": "?"}, SLACK),
        ({"channel": "#a"}, SLACK),
        ({"channel": "#a", "text": "x" * 50_000}, SLACK),
        ({"channel": "#a", "attachments": [{}] * 101}, SLACK),
    ):
        refused = (await client.post(url, json=wrong, headers=headers)).json()
        assert refused["error"] in errors


async def test_slack_auth_test_has_the_fields_of_the_sample(client: httpx.AsyncClient) -> None:
    sample = json.loads((SPECS / "slack/samples/api/auth.test.json").read_text())
    answer = (await client.post("/slack/api/auth.test", headers=SLACK)).json()
    assert answer.keys() <= sample.keys()
