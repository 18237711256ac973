"""Secrets that the system makes for itself, once, and keeps in its home."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from pydantic import SecretStr

from hotrod.settings import Settings


@dataclass(frozen=True)
class Secrets:
    """What signs links and guards Prefect; a value from the settings wins."""

    secret_key: SecretStr
    prefect_auth_string: SecretStr


def load_secrets(settings: Settings) -> Secrets:
    """Return the secrets; those that neither settings nor home hold are made and kept."""
    key, auth = settings.secret_key, settings.prefect.auth_string
    if key is None or auth is None:
        kept = _kept(settings.home / "secrets.json")
        key = key or SecretStr(kept["secret_key"])
        auth = auth or SecretStr(kept["prefect_auth_string"])
    return Secrets(key, auth)


def _kept(path: Path) -> dict[str, str]:
    """Read the file, or make it; of processes that race to make it, one wins and all agree."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = {
            "secret_key": secrets.token_urlsafe(48),
            "prefect_auth_string": f"ops:{secrets.token_urlsafe(18)}",
        }
        with NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as draft:
            json.dump(made, draft)
        try:
            os.link(draft.name, path)
        except FileExistsError:
            pass
        finally:
            Path(draft.name).unlink()
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found
