"""Stand-ins for outside services, in one process: mail (Graph, SMTP and IMAP), Claude, Slack.

They speak the services' own protocols, so a connector can't tell them from the live ones:
only base URLs and credentials differ. State is kept in memory. ``python -m sandbox`` runs
them on the ports of the settings; tests use ``running_sandbox`` on free ports.
"""

from __future__ import annotations

import sandbox.paths  # noqa: F401 - before any route is made
from sandbox.server import Sandbox, running_sandbox

__all__ = ["Sandbox", "running_sandbox"]
