from __future__ import annotations

from enum import StrEnum
from typing import Literal

import pytest
from pydantic import BaseModel, Field

from hotrod.repairs.diagnosis import DiagnosisDraft
from sandbox.claude.diagnosis import diagnose
from sandbox.claude.schema import fill


class Grade(StrEnum):
    GOOD = "good"
    POOR = "poor"


class Part(BaseModel):
    name: str = Field(min_length=3)
    count: int = Field(gt=0)


class Asked(BaseModel):
    fault: str = Field(max_length=10)
    grade: Grade
    sure: bool
    confidence: float = Field(gt=0, lt=1)
    hours: int = Field(ge=1, le=4)
    spare: Part
    parts: list[Part] = Field(min_length=2)
    note: str | None
    kind: Literal["repair"]
    optional: int = 3


def test_unknown_fields_get_the_plainest_value_and_known_ones_are_cut_to_fit() -> None:
    filled = fill(Asked.model_json_schema(), {"fault": "a very long fault", "confidence": 7})
    asked = Asked.model_validate(filled)
    assert asked.fault == "a very lon"
    assert asked.note is None
    assert len(asked.parts) == 2
    assert "optional" not in filled


def test_known_lists_and_enums_are_taken() -> None:
    known = {"grade": "good", "hours": 2.6, "parts": [{"name": "fan", "count": 2}] * 3}
    asked = Asked.model_validate(fill(Asked.model_json_schema(), known))
    assert (asked.grade, asked.hours, asked.parts[2].name) == (Grade.GOOD, 3, "fan")


def test_a_diagnosis_fits_the_schema_that_the_flow_asks_for() -> None:
    found = diagnose("PS5: no picture")
    filled = fill(DiagnosisDraft.model_json_schema(), found.as_fields())
    assert DiagnosisDraft.model_validate(filled).fault == found.fault


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"allOf": [{"type": "object"}, {"properties": {"a": {"const": 1}}, "required": ["a"]}]},
         {"a": 1}),
        ({"type": ["string", "null"]}, ""),
        ({"oneOf": [{"type": "null"}]}, None),
        ({}, {}),
    ],
)  # fmt: skip
def test_other_forms_of_schemas(schema: dict[str, object], value: object) -> None:
    assert fill(schema, {}) == value


def test_a_schema_that_contains_itself_ends() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/n"}}, "required": ["next"]}
    assert "next" in fill({"$ref": "#/$defs/n", "$defs": {"n": node}}, {})
