"""The pages in docs/connectors, made from what the code says of itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from connectors.registry import CONNECTORS, Connector
from hotrod.settings import ENV_PREFIX, Settings


def write_pages(folder: Path) -> list[Path]:
    """Write a page for each connector and one that lists them; return where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in pages().items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def pages() -> dict[str, str]:
    """Return all pages, by the names of their files."""
    found = {f"{one.name}.md": _page(one) for one in CONNECTORS}
    rows = "".join(f"| [{one.title}]({one.name}.md) | {_grade(one)} |\n" for one in CONNECTORS)
    found["README.md"] = (
        "# Connectors\n\nMade by `hotrod connectors docs` from docstrings, settings and grades.\n\n"
        f"| service | grade |\n| --- | --- |\n{rows}"
    )
    return found


def _grade(one: Connector) -> str:
    marks = list(one.grades().values())
    done = marks.count("done")
    exempt = sum(mark.startswith("exempt") for mark in marks)
    return f"{done} done, {exempt} exempt, {marks.count('todo')} todo"


def _page(one: Connector) -> str:
    package = import_module(f"connectors.{one.name}")
    parts = [
        f"# {one.title}",
        inspect.cleandoc(package.__doc__ or ""),
        "## Settings",
        *(_section(name) for name in one.sections),
        "## What it does",
        *(_client(client) for client in one.load()),
        "## Limits",
        "\n".join(_limits(one)) or "The service tells no limit; none is kept.",
        "## Errors, and what to do",
        *_errors(one),
        "## Grade",
        "\n".join(f"- {rule}: {mark}" for rule, mark in one.grades().items()),
    ]
    return "\n\n".join(parts) + "\n"


def _section(name: str) -> str:
    section = Settings.model_fields[name].annotation
    assert isinstance(section, type)  # noqa: S101 - all sections are models
    assert issubclass(section, BaseModel)  # noqa: S101 - likewise
    lines = [inspect.cleandoc(section.__doc__ or ""), ""]
    for field, told in section.model_fields.items():
        variable = f"{ENV_PREFIX}{name}__{field}".upper()
        lines.append(f"- `{variable}`{_default(told)}: {told.description}")
    return "\n".join(lines)


def _default(told: FieldInfo) -> str:
    value = told.get_default(call_default_factory=True)
    if isinstance(value, SecretStr) or value in ("", {}, None):
        return ""
    return f" (`{value}`)"


def _client(client: type) -> str:
    lines = [f"### {client.__name__}", "", _told(client), ""]
    for name, member in inspect.getmembers(client, inspect.isfunction):
        if not name.startswith("_"):
            lines.append(f"- `{name}`: {_first_sentence(member)}")
    return "\n".join(lines)


def _told(thing: object) -> str:
    """Return a docstring without its sections of arguments and errors."""
    text = inspect.getdoc(thing) or ""
    return text.split("\nArgs:")[0].split("\nRaises:")[0].strip()


def _first_sentence(thing: object) -> str:
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


def _modules(one: Connector) -> Iterator[ModuleType]:
    package = import_module(f"connectors.{one.name}")
    for path in sorted(Path(str(package.__file__)).parent.glob("*.py")):
        if path.stem != "__init__":
            yield import_module(f"connectors.{one.name}.{path.stem}")


def _limits(one: Connector) -> Iterator[str]:
    for module in _modules(one):
        for name, value in vars(module).items():
            if name.endswith("RATE") and type(value).__name__ == "Rate":
                yield f"- {value.calls} calls in {value.seconds:g} s (`{module.__name__}.{name}`)"


def _errors(one: Connector) -> Iterator[str]:
    module = import_module(f"connectors.{one.name}.errors")
    for name, value in vars(module).items():
        if name.endswith("CURES"):
            rows = "".join(f"| {kind.__name__} | {cure} |\n" for kind, cure in value.items())
            of = name.removesuffix("CURES").strip("_").lower()
            heading = f"By {of}:\n\n" if of else ""
            yield f"{heading}| error | cure |\n| --- | --- |\n{rows}".rstrip()
