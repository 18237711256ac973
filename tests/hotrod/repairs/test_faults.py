from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotrod.repairs.devices import DEVICE_TYPES
from hotrod.repairs.diagnosis import ground
from hotrod.repairs.facts import DeviceFacts, RequestFacts
from hotrod.repairs.faults import diagnose_by_rules, known_faults
from hotrod.repairs.symptoms import SYMPTOMS

PS5 = DeviceFacts("console", "Sony", "PlayStation 5")
LABELS = [symptom.label for symptom in SYMPTOMS]


def test_the_table_names_only_known_devices_and_symptoms() -> None:
    assert len(known_faults()) >= 30
    for row in known_faults():
        assert set(row.devices) <= set(DEVICE_TYPES)
        assert set(row.symptoms) <= set(LABELS)
        assert row.plan
        assert row.questions


@pytest.mark.parametrize(("kind", "symptom"), [*product(DEVICE_TYPES, LABELS)])
def test_every_symptom_of_every_device_has_a_fault(kind: str, symptom: str) -> None:
    sure = next(row.sure[0] for row in SYMPTOMS if row.label == symptom)
    said = " ".join(word.rstrip("*") for word in sure.words)
    draft = diagnose_by_rules(RequestFacts(DeviceFacts(kind), said))

    assert draft.category != "other"
    assert 0.4 <= draft.confidence <= 0.6
    assert draft.questions == []


@pytest.mark.parametrize(
    ("device", "problem", "category", "part"),
    [
        (PS5, "It has no picture on two TVs", "display", "HDMI port"),
        (PS5, "gets very hot and shuts down", "thermal", "Cooling fan"),
        (DeviceFacts("audio", "Fender", "Twin"), "it blows fuses", "power", "Electrolytic"),
        (DeviceFacts("console", "Sony", "DualSense"), "left stick drift", "input", "stick"),
        (DeviceFacts("phone", "Apple", "iPhone 13"), "battery drains fast", "battery", "Battery"),
        (DeviceFacts("laptop"), "spilled tea on it", "liquid", "MOSFET"),
        (DeviceFacts("other"), "swollen battery", "battery", "Battery"),
    ],
)
def test_known_faults(device: DeviceFacts, problem: str, category: str, part: str) -> None:
    draft = diagnose_by_rules(RequestFacts(device, problem))

    assert draft.category == category
    assert any(part in name for name in draft.likely_parts)


def test_a_known_model_is_surer_than_a_type_and_a_type_than_any_device() -> None:
    def confidence(device: DeviceFacts, problem: str = "no power at all") -> float:
        return diagnose_by_rules(RequestFacts(device, problem)).confidence

    assert confidence(PS5) > confidence(DeviceFacts("console")) > confidence(DeviceFacts("other"))
    assert confidence(DeviceFacts("other")) > confidence(PS5, "something with the hdmi")


def test_a_hint_asks_what_a_technician_would() -> None:
    draft = diagnose_by_rules(RequestFacts(PS5, "something with the hdmi"))

    assert draft.category == "display"
    assert draft.questions == ["Does the picture come back when the plug is moved?"]


@pytest.mark.parametrize("problem", ["it's broken", "", "!!!", "hilfe"])
def test_a_thin_text_gets_questions_and_little_confidence(problem: str) -> None:
    draft = diagnose_by_rules(RequestFacts(PS5, problem))

    assert draft.category == "other"
    assert draft.confidence < 0.2
    assert len(draft.questions) == 3
    assert bool(draft.evidence) == bool(problem.strip("!"))


def test_the_evidence_is_the_sentence_that_tells_of_the_fault() -> None:
    problem = "I bought it in May. Since Monday there\u2019s no  picture!\nPlease help."
    draft = diagnose_by_rules(RequestFacts(PS5, problem))

    assert draft.evidence[0].quote == "Since Monday there's no  picture"
    assert ground(draft, problem, 0).evidence[0].why == draft.evidence[0].why


@given(st.sampled_from(DEVICE_TYPES), st.text(max_size=400))
def test_a_diagnosis_by_rules_stands_on_the_text_and_stays_modest(kind: str, problem: str) -> None:
    request = RequestFacts(DeviceFacts(kind), problem)
    draft = diagnose_by_rules(request)

    assert draft == diagnose_by_rules(request)
    assert draft.confidence <= 0.6
    assert len(draft.questions) > 0 or draft.confidence >= 0.4
