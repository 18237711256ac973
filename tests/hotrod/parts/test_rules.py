from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotrod.company.load import load_company
from hotrod.parts.rules import BillLine, PartFacts, bill_of, fits_device, match_parts
from hotrod.repairs.devices import DEVICE_TYPES
from hotrod.repairs.facts import DeviceFacts

CATALOGUE = [
    PartFacts(part.sku, part.name, part.category, part.fits, part.quantity)
    for part in load_company().parts
]
PS5 = DeviceFacts("console", "Sony", "PlayStation 5")
SWITCH = DeviceFacts("console", "Nintendo", "Switch")
AMP = DeviceFacts("audio", "Fender", "Twin")
IPHONE = DeviceFacts("phone", "Apple", "iPhone 13")
DUALSENSE = DeviceFacts("controller", "Sony", "DualSense")


def part(sku: str = "P-1", name: str = "HDMI port", fits: str = "PS5", free: int = 1) -> PartFacts:
    return PartFacts(sku, name, "display", (fits,), free)


@pytest.mark.parametrize(
    ("fits", "device"),
    [
        ("PS5", DeviceFacts("console", "Sony", "PS5")),
        ("PlayStation 5", DeviceFacts("console", "", "sony playstation5 digital edition")),
        ("PlayStation 5", DeviceFacts("console", "Sony", "Play Station 5")),
        ("PS5", DeviceFacts("other", "", "PS5")),
        ("PS5", PS5),
        ("iPhone 13", DeviceFacts("phone", "Apple", "iPhone13 128 GB")),
        ("audio", AMP),
        ("controller", DeviceFacts("console", "Sony", "PS5 controller")),
        ("Juno-106", DeviceFacts("audio", "Roland", "Juno 106")),
    ],
)
def test_a_part_fits(fits: str, device: DeviceFacts) -> None:
    assert fits_device(part(fits=fits), device)


@pytest.mark.parametrize(
    ("fits", "device"),
    [
        ("iPhone 13", DeviceFacts("phone", "Apple", "iPhone 13 Pro")),
        ("iPhone 13", DeviceFacts("phone", "Apple", "iPhone 13mini")),
        ("iPhone 13", DeviceFacts("phone", "Apple", "iPhone 12")),
        ("iPhone 13", DeviceFacts("phone", "Apple", "iPhone")),
        ("PS5", DeviceFacts("console", "Sony", "PS5 Slim")),
        ("PS5", DeviceFacts("console", "Sony", "PS4")),
        ("PS5", DeviceFacts("controller", "Sony", "PS5 controller")),
        ("Switch", DeviceFacts("console", "Nintendo", "Switch OLED")),
        ("Xbox Series X", DeviceFacts("console", "Microsoft", "Xbox Series S")),
        ("PS5", DeviceFacts("console")),
        ("console", DeviceFacts("laptop", "Acme", "console book")),
    ],
)
def test_a_part_does_not_fit(fits: str, device: DeviceFacts) -> None:
    assert not fits_device(part(fits=fits), device)


@pytest.mark.parametrize(
    ("likely", "category", "device", "skus"),
    [
        (["HDMI port", "HDMI retimer"], "display", PS5, ["HDMI-PS5", "HDMI-IC-PS5"]),
        (["HDMI connector"], "connector", PS5, ["HDMI-PS5"]),
        (["PSU"], "power", PS5, ["PSU-ADP-400DR"]),
        (["PS5 SSD"], "storage", PS5, ["NVME-1TB-G4"]),
        (["liquid metal", "fan"], "thermal", PS5, ["TIM-LM-1G", "FAN-PS5"]),
        (["replacement screen"], "display", IPHONE, ["LCD-IP13"]),
        (["stick modules"], "input", DUALSENSE, ["STICK-DS-HALL"]),
        (["Op-amp", "jack socket 6.35 mm"], "audio", AMP, ["OPAMP-5532", "JACK-TRS-635"]),
        (["USB-C charging port"], "connector", SWITCH, ["USBC-SWITCH"]),
        (["HDMI port", "HDMI connector"], "display", PS5, ["HDMI-PS5"]),
        (["screws", "glue"], "display", PS5, []),
        (["HDMI port"], "display", AMP, []),
        ([], "display", PS5, []),
    ],
)
def test_the_parts_that_a_diagnosis_asks_for(
    likely: list[str], category: str, device: DeviceFacts, skus: list[str]
) -> None:
    assert [match.sku for match in match_parts(likely, category, device, CATALOGUE)] == skus


def test_a_match_says_why_and_how_many_are_free() -> None:
    match = match_parts(["HDMI port"], "display", PS5, CATALOGUE)[0]

    assert match.available == 14
    assert match.reason == "'HDMI port' is HDMI port, PlayStation 5, which fits the " + PS5.label


def test_among_equals_the_one_in_stock_is_taken_then_the_first_sku() -> None:
    catalogue = [part("P-3"), part("P-1", free=0), part("P-2")]

    assert match_parts(["HDMI port"], "display", PS5, catalogue)[0].sku == "P-2"


@given(
    st.lists(st.sampled_from([item.name for item in CATALOGUE]) | st.text(max_size=30), max_size=8),
    st.sampled_from([item.category for item in CATALOGUE]),
    st.builds(
        DeviceFacts,
        st.sampled_from(DEVICE_TYPES),
        st.text(max_size=10),
        st.sampled_from([fit for item in CATALOGUE for fit in item.fits]) | st.text(max_size=20),
    ),
    st.permutations(CATALOGUE),
)
def test_only_fitting_parts_each_once_three_at_most_in_any_order_of_the_catalogue(
    likely: list[str], category: str, device: DeviceFacts, catalogue: list[PartFacts]
) -> None:
    matches = match_parts(likely, category, device, catalogue)
    by_sku = {item.sku: item for item in catalogue}

    assert len({match.sku for match in matches}) == len(matches) <= 3
    assert all(fits_device(by_sku[match.sku], device) for match in matches)
    assert matches == match_parts(likely, category, device, CATALOGUE)


def test_a_bill_of_the_model_stands_before_that_of_its_type() -> None:
    lines = [
        BillLine("console", "display", "ANY"),
        BillLine("PS5", "display", "PORT", 2),
        BillLine("PS5", "power", "SUPPLY"),
    ]
    assert bill_of("display", PS5, lines) == {"PORT": 2}
    assert bill_of("display", SWITCH, lines) == {"ANY": 1}
    assert bill_of("display", DUALSENSE, lines) == {}


def test_a_part_of_the_bill_is_taken_before_one_named_more_alike() -> None:
    catalogue = [part("P-1", "HDMI port"), part("P-2", "HDMI port, gold plated", free=0)]
    assert match_parts(["HDMI port"], "display", PS5, catalogue)[0].sku == "P-1"

    (match,) = match_parts(
        ["HDMI port"], "display", PS5, catalogue, [BillLine("PS5", "display", "P-2", 3)]
    )

    assert (match.sku, match.quantity, match.available) == ("P-2", 3, 0)
    assert match.reason == (
        "'HDMI port' is HDMI port, gold plated, which is on the fault's bill for the "
        "Sony PlayStation 5"
    )


def test_a_bill_adds_nothing_that_the_diagnosis_does_not_ask_for() -> None:
    catalogue = [part("P-1", "HDMI port"), part("P-2", "Laser"), part("P-3", "HDMI retimer")]
    bill = [BillLine("PS5", "display", "P-2")]
    found = match_parts(["HDMI port"], "display", PS5, catalogue, bill)
    assert [one.sku for one in found] == ["P-1"]


def test_a_diagnosis_without_parts_gets_the_bill() -> None:
    catalogue = [part("P-1", "HDMI port"), part("P-2", "HDMI port for others", fits="Xbox One")]
    bill = [BillLine("PS5", "display", "P-2", 2)]
    (match,) = match_parts([], "display", PS5, catalogue, bill)
    assert (match.sku, match.wanted, match.quantity) == ("P-2", "HDMI port for others", 2)
    assert match_parts([], "power", PS5, catalogue, bill) == []
