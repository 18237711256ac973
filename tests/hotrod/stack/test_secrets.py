from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hotrod.settings import Settings
from hotrod.stack.secrets import load_secrets

GIVEN = "given-secret-key-of-at-least-32-characters"


def test_secrets_are_made_once_and_kept_to_ourselves(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, home=tmp_path / "new")
    made = load_secrets(settings)
    assert load_secrets(settings) == made
    assert len(made.secret_key.get_secret_value()) >= 32
    assert made != load_secrets(Settings(_env_file=None, home=tmp_path / "other"))
    file = tmp_path / "new" / "secrets.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secrets.json"]


def test_who_races_agrees(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, home=tmp_path)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: load_secrets(settings), range(32)))
    assert len({secrets.secret_key.get_secret_value() for secrets in found}) == 1


def test_settings_win(tmp_path: Path) -> None:
    some = Settings(_env_file=None, home=tmp_path, secret_key=GIVEN)
    assert load_secrets(some).secret_key.get_secret_value() == GIVEN
    assert load_secrets(some).prefect_auth_string.get_secret_value().startswith("ops:")
    home = tmp_path / "untouched"
    both = Settings(_env_file=None, home=home, secret_key=GIVEN, prefect={"auth_string": "me:here"})
    assert load_secrets(both).prefect_auth_string.get_secret_value() == "me:here"
    assert not home.exists()
