from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hotrod.repairs.diagnosis import DiagnosisDraft, Evidence, ground, is_underspecified

SAID = "My PS5 has no picture.\nThe HDMI port   looks BENT."


def evidence(quote: str, source: str = "request") -> Evidence:
    return Evidence(quote=quote, source=source, why="it tells")


def draft(**changes: Any) -> DiagnosisDraft:
    fields: dict[str, Any] = {
        "fault": "bent HDMI port",
        "category": "display",
        "confidence": 0.8,
        "labour_hours": 1.5,
        "evidence": [evidence("no picture")],
        "likely_parts": ["HDMI port"],
        "questions": [],
        "plan": ["Replace the port"],
    }
    return DiagnosisDraft(**fields | changes)


def test_the_schema_is_what_the_model_is_asked_for() -> None:
    schema = DiagnosisDraft.model_json_schema()

    assert list(schema["properties"]) == [
        "fault", "category", "confidence", "labour_hours",
        "evidence", "likely_parts", "questions", "plan",
    ]  # fmt: skip
    assert set(schema["required"]) == set(schema["properties"])
    assert all("description" in field for field in schema["properties"].values())
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(
    "changes",
    [
        {"fault": ""},
        {"fault": "x" * 201},
        {"category": "price"},
        {"confidence": 1.1},
        {"labour_hours": 0.1},
        {"labour_hours": 13},
        {"questions": ["?"] * 6},
        {"plan": ["x" * 301]},
        {"price": 1},
    ],
)
def test_out_of_bounds(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        draft(**changes)


@pytest.mark.parametrize("quote", ["no picture", "NO  PICTURE", "the hdmi port looks bent"])
def test_a_quote_holds_whatever_its_case_and_blanks(quote: str) -> None:
    grounded = ground(draft(evidence=[evidence(quote)]), SAID, 0)

    assert len(grounded.evidence) == 1
    assert grounded.confidence == 0.8


@pytest.mark.parametrize(
    "invented",
    [
        evidence("burnt smell"),
        evidence("  "),
        evidence("a"),
        evidence("bent port", "photo 3"),
        evidence("bent port", "photo 0"),
    ],
)
def test_what_was_not_said_or_shown_is_dropped_and_costs_confidence(invented: Evidence) -> None:
    alone = ground(draft(evidence=[invented]), SAID, 2)
    beside = ground(draft(evidence=[invented, evidence("dust", "photo 2")]), SAID, 2)

    assert (alone.evidence, alone.confidence) == ([], 0.3)
    assert [item.source for item in beside.evidence] == ["photo 2"]
    assert beside.confidence == 0.8


def test_markup_links_and_control_characters_are_removed() -> None:
    grounded = ground(
        draft(
            fault="<b>bent</b>\x00 port\u202e",
            questions=["Pay at https://evil.example/x now?", "<img src=x>"],
            plan=["Write to boss@evil.example", "Check 3 < 5 V"],
            likely_parts=["HDMI\nport"],
        ),
        SAID,
        0,
    )

    assert grounded.fault == "bent port"
    assert grounded.questions == ["Pay at now?"]
    assert grounded.plan == ["Write to", "Check 3 5 V"]
    assert grounded.likely_parts == ["HDMI port"]


def test_a_fault_of_markup_only_is_unknown() -> None:
    assert ground(draft(fault="<script></script>"), SAID, 0).fault == "unknown fault"


@pytest.mark.parametrize(
    ("confidence", "questions", "problem", "asked"),
    [
        (0.2, ["Which light?"], "My console acts up since the storm yesterday", True),
        (0.8, ["Which light?"], "it's broken", True),
        (0.8, ["Which light?"], "PS5 no picture", False),
        (0.6, ["Which light?"], "My console acts up since the storm yesterday", False),
        (0.2, [], "it's broken", False),
    ],
)
def test_when_questions_come_before_a_quote(
    confidence: float, questions: list[str], problem: str, *, asked: bool
) -> None:
    assert is_underspecified(confidence, questions, problem) is asked
