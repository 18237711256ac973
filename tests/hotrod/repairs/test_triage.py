from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotrod.repairs.dangers import safety_text
from hotrod.repairs.facts import DeviceFacts
from hotrod.repairs.models import Danger, Route
from hotrod.repairs.triage import Triage, triage

BATTERY, MAINS, SMOKE, LIQUID = Danger

REPAIRS = [
    "My PS5 has no picture anymore. The white light comes on and I hear the fan.",
    "ps5 no hdmi signal, tried 3 cables",
    "HELP!!! XBOX WONT TURN ON!!! MY KID IS CRYING!!!",
    "it's broken",
    "doesn't work",
    "Switch, left joycon drifting real bad",
    "screen is craked after i droped it, touch not working",
    "My minilogue has one dead key and scratchy knobs.",
    "Bonjour, ma PS5 n'affiche pas d'image sur la télé.",
    "Mon portable ne s'allume plus depuis hier.",
    "l'écran de mon iphone est cassé",
    "ma console est en panne, pouvez vous la réparer",
    "My PS5 has no picture. What are your opening hours and how much will it cost?",
    "How much to fix a bent HDMI port on a PS5, and do you sell controllers as well?",
    "Are you open on Saturday? My laptop keeps shutting down and I need it for school.",
    "MacBook Pro keyboard not working. I'm applying for jobs and my resume is on it!",
    "The store won't refund me, so can you look at my Xbox? It shuts off after 10 minutes.",
    "I'd like an invoice for my insurance. My amp has no sound since the move.",
    "Hello, please call me back",
    "Can you fix my grandmother's radio?",
    "Guitar amp hums loudly and cuts out, it blows fuses about once a month.",
    "Battery dies after 2 hours, it used to last 8.",
    "If I drop off my Steam Deck (won't charge) tomorrow, when would it be ready?",
    "Last year you fixed my Xbox, great job! Now my PS5 has no power.",
    "Please don't erase my data, the laptop won't boot and my photos are on it",
    "I need a new battery for my iphone 13",
    "the game freezes and then error code CE-108255-1",
    "PS5 database corrupted, rebuilding database fails every time",
    "my board has a few bulging capacitors next to the cpu, no power",
    "Disc stuck in my PS4, it won't eject",
    "Not sure what's wrong. It beeps once and shuts off.",
    "controller for ps5, stick drift on the left, trigger sticky",
]

HARMLESS = [
    "PS5 has no picture. There was no smoke, no smell, no sparks.",
    "won't charge, but the battery is not swollen and nothing got wet",
    "It never got wet and it isn't plugged in. No display.",
    "No smoke, burning smell or sparks, it is just dead.",
    "Any smoke or burning smell? No. It just went dead.",
    "The battery isn't bulging or swollen, it just drains fast.",
    "pas de fumée, la batterie n'est pas gonflée, elle ne charge plus",
    "comes from a smoke-free home, HDMI port is loose",
    "I smoke near it so it may be dusty. It overheats.",
    (
        "I spilled coffee on the keyboard two months ago, it's dried and plugged in every day, "
        "keys stuck"
    ),
    "Spilled water on my laptop last night. I unplugged it and turned it off right away.",
    "I need more storage, can you expand it? The drive is corrupted.",
    "got a static shock from the carpet and now the usb port doesn't respond",
    "the liquid metal in my ps5 needs replacing, it overheats while playing",
    "no electric shock, no tingling, just a loud hum",
    "I was shocked by the price elsewhere. My ipad has a cracked screen.",
    "Positive Grid Spark amp has no sound",
    "I dropped it, no visible damage, no power, battery not puffed up or bulging",
    "The console has no burn marks, smoke or odd smell. HDMI is loose",
    "controller gets warm, no swelling, charging is fine, sticks drift",
    "there is a tingling noise in the left speaker, no sound on the right",
]

DANGERS = [
    ("The back of my phone is bulging and the screen is lifting", {BATTERY}),
    ("iphone battery swollen!!", {BATTERY}),
    ("My laptop's battery seems to be expanding, trackpad won't click", {BATTERY}),
    ("batterie gonflée sur mon cellulaire", {BATTERY}),
    ("doesnt charge swollen battery", {BATTERY}),
    ("No power, and the battery is puffed up", {BATTERY}),
    ("Not only is the battery swollen, it's hot too", {BATTERY}),
    ("I'm not sure if the battery is swollen, but the case doesn't close anymore", {BATTERY}),
    ("My MacBook trackpad is raised and the bottom is swelling", {BATTERY}),
    ("La batterie de mon iPhone ne tient plus la charge et elle est gonflée", {BATTERY}),
    ("I got an electric shock from the metal case of my amp", {MAINS}),
    ("amp trips the breaker every time I plug it in", {MAINS}),
    ("Feel a tingle, tingling when I touch the strings and the mic", {MAINS}),
    ("The power cord is frayed and you can see bare wires", {MAINS}),
    ("J'ai pris une décharge électrique en touchant l'ampli", {MAINS}),
    ("le disjoncteur saute quand je branche l'ampli", {MAINS}),
    ("my dog chewed through the power cable of the ps4", {MAINS}),
    ("wont turn on smoke came out when i plugged it", {SMOKE}),
    ("There was a pop, then a burning smell. No power since.", {SMOKE}),
    ("It doesn't turn on but sparks came out of the plug", {SMOKE}),
    ("Ça sent le brûlé et il y a de la fumée", {SMOKE}),
    ("the charging port melted", {SMOKE}),
    ("no picture, it smokes a little", {SMOKE}),
    ("I saw smoke from my xbox power brick. are you open now?", {SMOKE}),
    ("battery isn't swollen. smoke came out though", {SMOKE}),
    ("CAUGHT FIRE briefly, console dead", {SMOKE}),
    ("A capacitor exploded inside my mixer", {SMOKE}),
    ("Spilled beer on my laptop, it's still on and plugged in", {LIQUID}),
    ("water got into my phone while charging", {LIQUID}),
    ("laptop got rained on while on, still charging now", {LIQUID}),
    ("iPhone fell in the pool, its still on but screen flickers", {LIQUID}),
    ("my kid dumped coffee on the ps5 and it's still running", {LIQUID}),
    ("J'ai renversé de l'eau sur mon portable, il est encore branché", {LIQUID}),
    ("Spilled juice, unplugged it, then plugged it in again and it was running", {LIQUID}),
    ("Water spilled on the amp while it was on, now there is smoke and I got a shock",
     {MAINS, SMOKE, LIQUID}),
]  # fmt: skip

ROUTED = [
    (Route.STATUS_QUESTION, "Hi, is my console ready yet? Ticket NL-1042"),
    (Route.STATUS_QUESTION, "Any update on my PS5 with no picture? I dropped it off last week."),
    (Route.STATUS_QUESTION, "NL-1077??"),
    (Route.STATUS_QUESTION, "haven't heard back from you in 9 days"),
    (Route.STATUS_QUESTION, "Bonjour, avez-vous des nouvelles de ma réparation?"),
    (Route.STATUS_QUESTION, "whats the status of my repair"),
    (Route.STATUS_QUESTION, "When can I pick it up?"),
    (Route.OPENING_HOURS, "What are your hours on Saturday?"),
    (Route.OPENING_HOURS, "are u open today"),
    (Route.OPENING_HOURS, "Quelles sont vos heures d'ouverture?"),
    (Route.OPENING_HOURS, "Hi, I'm Jack. Are you open on Boxing Day, and is there parking?"),
    (Route.COMPLAINT, "This is unacceptable. I want my money back."),
    (Route.COMPLAINT, "You guys broke my amp! It came back worse than before. Refund me NOW"),
    (
        Route.COMPLAINT,
        (
            "I paid 200 dollars and the PS5 still doesn't have a picture. Money back or I "
            "will write a bad review."
        ),
    ),
    (Route.COMPLAINT, "Service inacceptable, je suis très déçu, remboursez-moi"),
    (Route.COMPLAINT, "your technician scratched my screen and was rude about it"),
    (Route.SALES, "Do you sell used PS5 controllers?"),
    (Route.SALES, "Do you buy broken consoles? I have three."),
    (Route.SALES, "We are a school and look for a wholesale price list for HDMI cables"),
    (Route.SALES, "Bonjour, vendez-vous des batteries pour la Switch?"),
    (Route.SALES, "i want to buy a gift card"),
    (Route.INVOICE, "Please send me the invoice for NL-1040 for my accountant"),
    (Route.INVOICE, "I think I was charged twice on my credit card"),
    (Route.INVOICE, "Pouvez-vous m'envoyer la facture?"),
    (Route.JOB_APPLICATION, "Are you hiring? I have 5 years of experience in micro soldering."),
    (Route.JOB_APPLICATION, "Please find attached my resume for the technician position"),
    (Route.JOB_APPLICATION, "Je cherche un stage en électronique, voici mon CV"),
    (
        Route.JOB_APPLICATION,
        (
            "I'm applying for the technician position. Years of experience with no-power boards, "
            "no picture and bent HDMI ports. My resume is attached."
        ),
    ),
    (Route.PRIVACY_REQUEST, "Please delete my data, all of it"),
    (Route.PRIVACY_REQUEST, "Under PIPEDA I ask for a copy of the information you hold about me"),
    (Route.PRIVACY_REQUEST, "Veuillez supprimer mes données personnelles (Loi 25)"),
    (Route.PRIVACY_REQUEST, "forget me, GDPR"),
    (Route.SPAM, "We can rank your website on the first page of Google! SEO experts, click here"),
    (Route.SPAM, "Bitcoin investment opportunity, earn 500$ per day from home"),
    (
        Route.SPAM,
        (
            "Is your repair shop getting enough calls? Our digital marketing brings more leads. "
            "If your website is broken, we fix it."
        ),
    ),
    (Route.EMPTY, ""),
    (Route.EMPTY, "   \n\t "),
    (Route.EMPTY, "Hello"),
    (Route.EMPTY, "test"),
    (Route.EMPTY, "🙏🙏🙏"),
    (Route.EMPTY, "..."),
]


@pytest.mark.parametrize("message", REPAIRS + HARMLESS)
def test_a_repair_without_danger(message: str) -> None:
    found = triage(message)

    assert (found.route, found.dangers) == (Route.REPAIR, ())


@pytest.mark.parametrize(("message", "dangers"), DANGERS)
def test_a_repair_with_danger(message: str, dangers: set[Danger]) -> None:
    found = triage(message)

    assert (found.route, set(found.dangers)) == (Route.REPAIR, dangers)


@pytest.mark.parametrize(("route", "message"), ROUTED)
def test_not_a_repair(route: Route, message: str) -> None:
    found = triage(message)

    assert (found.route, found.dangers) == (route, ())


def test_danger_is_flagged_in_any_route() -> None:
    found = triage("I want my money back. It still doesn't work, and now it smokes!")

    assert found.route == Route.COMPLAINT
    assert found.dangers == (Danger.SMOKE,)


def test_a_long_story_keeps_its_danger() -> None:
    story = "It all began when my cousin came to visit us in Sudbury. " * 150
    found = triage(f"{story} Then the battery was swollen. {story}")

    assert found.dangers == (Danger.SWOLLEN_BATTERY,)


def test_a_model_that_looks_like_a_ticket_number_is_a_model() -> None:
    sampler = DeviceFacts("audio", "Akai", "MPC-2000")

    assert triage("MPC-2000").route == Route.STATUS_QUESTION
    assert triage("MPC-2000", sampler).route == Route.REPAIR


def test_the_reason_names_what_else_is_asked() -> None:
    found = triage("My PS5 has no picture. What are your opening hours?")

    assert found == Triage(
        Route.REPAIR, (), "tells of a fault: no picture; asks besides: opening hours"
    )


@given(st.text(max_size=300))
def test_the_reason_repeats_nothing_of_the_message(message: str) -> None:
    marked = f"{message} zzqx17 zzqx17"

    assert "zzqx17" not in triage(marked).why


@given(st.text(max_size=300))
@settings(max_examples=200)
def test_any_text_is_understood_somehow_and_always_alike(message: str) -> None:
    assert triage(message) == triage(message)


def test_each_danger_has_its_advice() -> None:
    advice = safety_text(tuple(Danger))

    assert len(set(advice)) == len(Danger)
    assert all(paragraph.endswith(".") for paragraph in advice)
    assert "breaker" in safety_text((Danger.MAINS,))[0]
    assert safety_text(()) == ()


@pytest.mark.parametrize(
    "unit", ["battery ", "no smoke, ", "a", "not ", "smell ", "?no.", "'-'-", "fume,or ", "É"]
)
def test_work_grows_with_the_length_and_no_faster(unit: str) -> None:
    def steps(size: int) -> int:
        count = 0

        def note(frame: FrameType, event: str, arg: Any) -> None:
            nonlocal count
            count += 1

        message = (unit * size)[:size]
        before = sys.getprofile()
        sys.setprofile(note)
        try:
            triage(message)
        finally:
            sys.setprofile(before)
        return count

    assert steps(20_000) < 2.3 * steps(10_000)
