from __future__ import annotations

from sandbox.state import SandboxState
from sandbox.story import make_story
from sandbox.webpush.stand_in import WEB_PUSH
from sandbox.webpush.store import Pushes


def seeded() -> Pushes:
    state = SandboxState([Pushes()])
    WEB_PUSH.seed(state, make_story())
    return state.store(Pushes)


def test_the_seeded_browsers_are_the_same_each_time_and_were_told_of_sales() -> None:
    pushes, again = seeded(), seeded()

    assert [(one.token, one.keys) for one in pushes.subscriptions()] == [
        (one.token, one.keys) for one in again.subscriptions()
    ]
    assert {one.subscription for one in pushes.all()} == {
        one.token for one in pushes.subscriptions()
    }
    assert all("CAD" in (one.text or "") for one in pushes.all())
