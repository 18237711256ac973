"""What Prefect knows of a run."""

from __future__ import annotations

from uuid import UUID

import httpx

from hotrod.settings import Settings
from hotrod.stack.environment import prefect_environment
from hotrod.stack.secrets import load_secrets

_TIMEOUT_SECONDS = 5.0


def run_states(settings: Settings, run_id: UUID) -> list[str]:
    """Return the states that a run went through, a line each; or one that says why they aren't.

    Over HTTP: Prefect's own client takes seconds to import.
    """
    environment = prefect_environment(settings, load_secrets(settings))
    user, _, password = environment.get("PREFECT_API_AUTH_STRING", "").partition(":")
    try:
        answer = httpx.get(
            f"{environment['PREFECT_API_URL']}/flow_run_states/",
            params={"flow_run_id": str(run_id)},
            auth=(user, password) if user else None,
            timeout=_TIMEOUT_SECONDS,
            trust_env=False,
        ).raise_for_status()
    except httpx.HTTPError as error:
        return [f"Prefect doesn't tell ({type(error).__name__}); is the stack up?"]
    return [
        " ".join(filter(None, (state["timestamp"], state["name"], state["message"])))
        for state in answer.json()
    ]
