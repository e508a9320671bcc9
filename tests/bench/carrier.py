"""A carrier that does nothing but note when it was asked to ring whom."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs


class StubCarrier:
    """Answers every REST request at once; `arrivals` tells when POST /Calls came, by number."""

    def __init__(self, port: int) -> None:
        self.arrivals: dict[str, float] = {}
        self._arrived = threading.Condition()
        self._count = 0
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                at = time.time()
                length = int(self.headers.get("Content-Length", 0))
                form = parse_qs(self.rfile.read(length).decode())
                is_ring = self.path.endswith("/Calls.json")
                self._answer(201 if is_ring else 200, stub.note(form, at if is_ring else None))

            def do_GET(self) -> None:
                self._answer(200, {"calls": [], "status": "in-progress", "sid": "CA" + "0" * 32})

            def _answer(self, status: int, body: dict[str, object]) -> None:
                raw = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, format: str, *args: object) -> None:
                """Be quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def note(self, form: dict[str, list[str]], at: float | None) -> dict[str, object]:
        """Note a ring; the Call resource, as little of it as the library reads."""
        with self._arrived:
            self._count += 1
            if at is not None:
                self.arrivals[form["To"][0]] = at
                self._arrived.notify_all()
            return {"sid": f"CA{self._count:032x}", "status": "queued"}

    def await_ring(self, number: str, seconds_max: float) -> float | None:
        """When `number` was asked to be rung (wall time), or None; it is forgotten then."""
        with self._arrived:
            self._arrived.wait_for(lambda: number in self.arrivals, seconds_max)
            return self.arrivals.pop(number, None)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
