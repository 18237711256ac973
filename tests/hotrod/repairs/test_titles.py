from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotrod.repairs.devices import DEVICE_TYPES, kind_of, known_device
from hotrod.repairs.facts import DeviceFacts
from hotrod.repairs.symptoms import SYMPTOMS
from hotrod.repairs.titles import ticket_title

SYMPTOM_LABELS = {symptom.label for symptom in SYMPTOMS} | {"repair"}


@pytest.mark.parametrize(
    ("device", "problem", "title"),
    [
        (("console", "Sony", "PlayStation 5"), "Black screen, I hear the fan", "PS5: no picture"),
        (("console", "Sony", "PS5"), "won't turn on", "PS5: no power"),
        (("console", None, None), "my ps5 overheats after an hour", "PS5: overheats"),
        (("controller", "Sony", "DualSense"), "left stick drifts", "DualSense: stick drift"),
        (("phone", "Apple", "iPhone 13"), "screen cracked", "iPhone: cracked screen"),
        (("laptop", "Acme", "X-1"), "the HDMI is fine but it doesn't boot", "Laptop: no power"),
        (("console", "Nintendo", "Switch"), "needs a look", "Switch: repair"),
        (("board", None, None), "replaced the power switch, no power", "Board: no power"),
        (("other", "Acme", "Toaster"), "it's weird", "Device: repair"),
        (("<script>", None, None), "no sound", "Device: no sound"),
        (("audio", "Fender", "Twin"), "pas de son depuis hier", "Guitar amp: no sound"),
        (("console", "Sony", "PS5"), "no power and before that no picture", "PS5: no power"),
    ],
)
def test_title(device: tuple[str, str | None, str | None], problem: str, title: str) -> None:
    assert ticket_title(*device, problem) == title


@given(st.sampled_from(DEVICE_TYPES), st.text(), st.text(), st.text())
def test_a_title_is_short_and_holds_only_our_words(
    device_type: str, brand: str, model: str, problem: str
) -> None:
    title = ticket_title(device_type, brand, model, problem)
    label, _, symptom = title.partition(": ")
    known = known_device(f"{brand} {model}", problem)

    assert len(title) <= 60
    assert symptom in SYMPTOM_LABELS
    assert label in ({known.label} if known else {*map(str.capitalize, DEVICE_TYPES), "Device"})


@pytest.mark.parametrize(
    ("device", "kind"),
    [
        (DeviceFacts("console", "Sony", "PS5 controller"), "controller"),
        (DeviceFacts("other", "Apple", "iPhone 12 mini"), "phone"),
        (DeviceFacts("laptop", "Acme", "Book"), "laptop"),
        (DeviceFacts("console"), "console"),
    ],
)
def test_a_known_name_tells_the_type(device: DeviceFacts, kind: str) -> None:
    assert kind_of(device) == kind
