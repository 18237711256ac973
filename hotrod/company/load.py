"""Read the company file."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from hotrod.company.models import Company
from hotrod.errors import SettingsError
from hotrod.settings import get_settings

SAMPLE = Path(__file__).with_name("sample.toml")


def load_company(path: Path | None = None) -> Company:
    """Read and check a company file; the shipped sample when no path is given.

    Raises:
        SettingsError: the file can't be read, or a value in it is wrong; a row per value.
    """
    source = path or SAMPLE
    try:
        data = tomllib.loads(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError([(str(source), str(error))]) from error
    try:
        return Company.model_validate(data)
    except ValidationError as error:
        raise SettingsError(
            [
                (f"{source.name}: {'.'.join(str(part) for part in row['loc'])}", row["msg"])
                for row in error.errors()
            ]
        ) from None


@lru_cache(maxsize=1)
def get_company() -> Company:
    """Return the company of this process, read once from the file that the settings name."""
    return load_company(get_settings().company_file)
