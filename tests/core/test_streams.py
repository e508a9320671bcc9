"""Event streams: the picture at once, again on change, a heartbeat else, and a bounded number."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask

from core import streams
from core.database import DatabaseAway
from core.live import StillLive
from core.problems import Problem


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 0.2)
    yield


def test_the_picture_comes_at_once_on_change_and_never_twice() -> None:
    live, pictures = StillLive(), iter(["1", "1", "2", None])
    response = streams.stream(live, "desk:x", "desk", lambda: next(pictures))
    sent = list(response.response)
    response.close()
    assert sent == [
        "retry: 1000\n\n",
        "event: desk\ndata: 1\n\n",
        ": still here\n\n",
        "event: desk\ndata: 2\n\n",
    ]


def test_a_ring_is_answered_before_the_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 30)
    live, shown = StillLive(), ["old"]
    response = streams.stream(live, "board", "board", lambda: shown[0])
    events = iter(response.response)
    assert [next(events), next(events)][1] == "event: board\ndata: old\n\n"
    shown[0] = "new"
    threading.Timer(0.05, live.ring, ("board",)).start()
    assert next(events) == "event: board\ndata: new\n\n"
    response.close()


def test_a_stopping_process_ends_its_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 30)
    live = StillLive()
    response = streams.stream(live, "board", "board", lambda: "x")
    threading.Timer(0.05, live.stop).start()
    assert len(list(response.response)) == 2
    response.close()


def test_a_database_away_does_not_end_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "AWAY_SECONDS", 0.01)
    live, looks = StillLive(), iter([DatabaseAway("away"), "1", None])

    def picture() -> str | None:
        look = next(looks)
        if isinstance(look, Exception):
            raise look
        return look

    response = streams.stream(live, "board", "board", picture)
    assert list(response.response)[1:] == [
        ": the database is away\n\n",
        "event: board\ndata: 1\n\n",
    ]
    response.close()


def test_seats_are_bounded_and_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_SEATS", threading.BoundedSemaphore(1))
    live = StillLive()
    first = streams.stream(live, "board", "board", lambda: "x")
    with pytest.raises(Problem) as full:
        streams.stream(live, "board", "board", lambda: "x")
    assert full.value.status == 503
    first.close()
    streams.stream(live, "board", "board", lambda: "x").close()


def test_who_hung_up_is_looked_up_no_more() -> None:
    live, looks, gone = StillLive(), [], [False]
    app = Flask(__name__)
    environ = {"waitress.client_disconnected": lambda: gone[0]}
    with app.test_request_context(environ_base=environ):
        response = streams.stream(live, "desk:x", "desk", lambda: looks.append("look") or "1")
    events = iter(response.response)
    assert [next(events), next(events)][1] == "event: desk\ndata: 1\n\n"
    gone[0] = True
    live.ring("desk:x")
    assert list(events) == []
    assert looks == ["look"]
    response.close()
