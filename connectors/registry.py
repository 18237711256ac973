"""The connectors that there are, by name; nothing is imported until it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path


@dataclass(frozen=True)
class Connector:
    """A folder beside this file, and the classes in it that talk to its service.

    Args:
        name: name of the folder.
        clients: ``module:class`` below the folder, one for each way to reach the service.
    """

    name: str
    clients: tuple[str, ...]

    @property
    def quality_file(self) -> Path:
        """Where its grades are kept."""
        return Path(__file__).with_name(self.name) / "quality.yaml"

    def load(self) -> tuple[type, ...]:
        """Import its classes."""
        found = []
        for client in self.clients:
            module, _, name = client.partition(":")
            found.append(getattr(import_module(f"connectors.{self.name}.{module}"), name))
        return tuple(found)


CONNECTORS = (
    Connector("mail", ("graph:GraphMail", "smtp:SmtpMail")),
    Connector("claude", ("client:ClaudeClient",)),
    Connector("slack", ("client:SlackClient",)),
)
