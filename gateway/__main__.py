"""The gateway process: ``python -m gateway``."""

from __future__ import annotations

import uvicorn

from hotrod.settings import get_settings


def main() -> None:
    """Serve on loopback until SIGTERM; a proxy on this machine may name the real caller."""
    uvicorn.run(
        "gateway.app:from_settings",
        factory=True,
        host="127.0.0.1",
        port=get_settings().gateway.port,
        access_log=False,
        log_level="warning",
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
