"""After a whole call, no number, note or word of a citizen lies in the clear anywhere we write."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from sqlalchemy import create_engine, inspect, text

from core.embedded import EmbeddedPostgres, EmbeddedValkey
from tests.faults.conftest import House
from tests.faults.people import OUTCOME, Caller, Counselor

pytestmark = pytest.mark.slow

NUMBER, OTHER = "+821098761234", "+821098765678"
# As they may be written: whole, without the country, in groups, as one would quote a part.
SECRETS = ("1098761234", "9876-1234", "1098765678", "9876-5678", "참새가 운다", "소쩍새가 운다")
SPOKEN = "구 팔 칠 육"


@contextmanager
def overheard(var: Path) -> Iterator[list[str]]:
    """Collect every command that Redis is given."""
    client = redis.Redis.from_url(EmbeddedValkey(var).url())
    heard: list[str] = []
    stopping = threading.Event()

    def listen() -> None:
        with client.monitor() as monitor:
            ready.set()
            for command in monitor.listen():
                heard.append(command["command"])
                if stopping.is_set():
                    return

    ready = threading.Event()
    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield heard
    finally:
        stopping.set()
        client.ping()
        thread.join(5)
        client.close()


def rows(var: Path) -> Iterator[str]:
    """Yield each row of each table as text, bytes in hexadecimal."""
    engine = create_engine(EmbeddedPostgres(var).url())
    with engine.connect() as connection:
        for table in inspect(engine).get_table_names():
            for row in connection.execute(text(f'SELECT t::text FROM "{table}" t')):
                yield f"{table}: {row[0]}"
    engine.dispose()


def found_in(where: str, content: str) -> list[str]:
    """Name each secret that stands in `content`, plain or as the bytes of a column."""
    forms = {secret: (secret, secret.encode().hex()) for secret in (*SECRETS, SPOKEN)}
    return [
        f"{secret} in {where}"
        for secret, written in forms.items()
        if any(form in content for form in written)
    ]


def talked(house: House) -> list[str]:
    """Walk a call to its outcome, with notes, a draft and a reveal; return the URLs used."""
    caller, counselor = Caller(house.carrier, NUMBER), Counselor(house.carrier, "haneul")
    urls = []
    for step in (caller.dial, caller.press_five, caller.wait):
        step()
        urls.append(caller.next)
    counselor.say("ready")
    session, way_in = counselor.accept(counselor.offered())
    call = counselor.ask("GET", "/me/desk")["session"]["call_id"]
    counselor.join(way_in)
    caller.enter()
    shown = counselor.ask("POST", f"/calls/{call}/reveal", {"reason": "the line is bad"})
    assert shown["number"] == NUMBER
    counselor.ask("PUT", f"/sessions/{session}/draft", {"draft": {"notes": "소쩍새가 운다"}})
    counselor.ask("POST", f"/sessions/{session}/end")
    notes = OUTCOME | {"notes": "참새가 운다"}
    counselor.ask("PUT", f"/sessions/{session}/outcome", notes)
    counselor.say("off")
    urls += house.carrier.moves[caller.leg]
    return urls


def asked_to_be_called(house: House) -> list[str]:
    """A waiting caller keys in another number and is promised a call; return the URLs used."""
    caller = Caller(house.carrier, NUMBER)
    caller.dial()
    caller.press_five()
    at = caller.wait().link("Gather", "action")
    urls = [at]
    spoken = ""
    heard = house.carrier.insist(at, caller.leg, Digits="2")
    for digits in ("", "2", OTHER.removeprefix("+82").join(("0", "")), "1"):
        verb = ("Gather", "action") if digits else ("Redirect", "")
        at = heard.link(*verb)
        urls.append(at)
        heard = house.carrier.insist(at, caller.leg, **({"Digits": digits} if digits else {}))
        spoken += heard.said
    assert SPOKEN in spoken  # the number was read back, so it went the whole way
    house.carrier.insist("/ivr/status", caller.leg, CallStatus="completed")
    return urls


def test_no_secret_of_a_citizen_lies_in_the_clear(house: House) -> None:
    var = house.machine.var
    with overheard(var) as commands:
        urls = talked(house) + asked_to_be_called(house)
        house.carrier.ask("/ivr/voice?odd=" + NUMBER, "CAodd", From="sip:" + NUMBER)
    stored = list(rows(var))
    assert any(row.startswith("calls: ") for row in stored)
    assert any(row.startswith("promises: ") for row in stored)
    assert any("김하늘" in row for row in stored)  # what is no secret is found the same way
    assert any("carry_out_order" in command for command in commands)
    logs = [*(var / "log").glob("*.log"), var / "postgres.log", var.parent / "terminal.txt"]
    found = [fault for log in logs for fault in found_in(log.name, log.read_text())]
    found += [fault for row in stored for fault in found_in(row.split(":")[0], row)]
    found += [fault for command in commands for fault in found_in("Redis", command)]
    found += [fault for url in urls for fault in found_in("a URL", url)]
    assert found == []
