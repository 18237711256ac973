"""Google, played: Drive and Sheets over the same files."""

from __future__ import annotations

from sandbox.google import changes, control, drive, oauth, pages, sheets, unknown, uploads
from sandbox.google.access import Quotas
from sandbox.google.errors import GoogleError, error_answer, fault_answer
from sandbox.google.files import DriveStore
from sandbox.google.seed import seed
from sandbox.google.tokens import GoogleTokens
from sandbox.stand_in import Api, StandIn
from sandbox.state import SandboxState


def _summary(state: SandboxState) -> str:
    store = state.store(DriveStore)
    return f"{len(store.files())} files, {len(store.channels.open())} channels"


GOOGLE = StandIn(
    name="google",
    title="Google Drive & Sheets",
    apis=(
        Api(
            service="google",
            prefix="/google",
            routers=(
                ("/oauth2", oauth.router),
                ("/drive/v3", drive.router),
                ("/drive/v3", changes.router),
                ("/upload/drive/v3", uploads.router),
                ("/v4/spreadsheets", sheets.router),
                ("/drive/v3", unknown.router),
                ("/upload", unknown.router),
                ("/v4", unknown.router),
            ),
            error=GoogleError,
            error_answer=error_answer,
            fault_answer=fault_answer,
            id_header="x-guploader-uploadid",
            spared=("/google/oauth2/",),
        ),
    ),
    stores=lambda: (DriveStore(), Quotas(), GoogleTokens()),
    pages=pages.router,
    control=control.router,
    summary=_summary,
    seed=seed,
)
