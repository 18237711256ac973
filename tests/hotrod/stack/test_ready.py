from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

from hotrod.stack.parts import FileExists, HttpAnswers, PostgresConnects, State
from hotrod.stack.postgres import EmbeddedPostgres
from tests.conftest import free_port


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 503)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


async def test_http() -> None:
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        root = f"http://127.0.0.1:{server.server_port}"
        assert await HttpAnswers(f"{root}/health")()
        assert not await HttpAnswers(f"{root}/other")()
        server.shutdown()
    assert not await HttpAnswers(f"{root}/health")()


async def test_postgres(postgres: EmbeddedPostgres) -> None:
    assert await PostgresConnects(postgres.port)()
    assert not await PostgresConnects(free_port())()


async def test_file(tmp_path: Path) -> None:
    check = FileExists(tmp_path / "x")
    assert not await check()
    (tmp_path / "x").touch()
    assert await check()


def test_only_ready_and_done_are_good() -> None:
    assert {state for state in State if state.is_good} == {State.READY, State.DONE}
