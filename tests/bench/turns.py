"""Signed press-5 turns a second, against a bare route on the same server and database.

Rounds alternate, so that a machine that is busy with other things disturbs both alike.
"""

import statistics
import xml.etree.ElementTree as ElementTree
from html import unescape
from urllib.parse import urljoin

from simulator.settings import Settings
from tests.bench.figures import say
from tests.bench.load import prepare, send_all
from tests.bench.machine import Machine, free_port

ROUNDS = 4
CALLS_A_ROUND = 300
FORM = (
    ("AccountSid", "AC" + "0120" * 8),
    ("ApiVersion", "2010-04-01"),
    ("To", "+8225550120"),
    ("Called", "+8225550120"),
    ("Direction", "inbound"),
    ("FromCountry", "KR"),
    ("FromCity", ""),
    ("FromState", ""),
    ("FromZip", ""),
    ("ToCountry", "KR"),
    ("ToCity", ""),
    ("ToState", ""),
    ("ToZip", ""),
)


def bench_turns() -> None:
    """Measure and print both rates and their ratio."""
    with Machine() as machine:
        bare_port = free_port()
        machine.start(["-m", "tests.bench.bare"], {"BARE_PORT": str(bare_port)})
        machine.web()
        machine.await_answer(f"http://127.0.0.1:{bare_port}/readyz")
        _round(machine, bare_port, 0, 60)  # both warm up
        rates = [_round(machine, bare_port, 1 + n, CALLS_A_ROUND) for n in range(ROUNDS)]
    ours, bare = (statistics.median(each) for each in zip(*rates, strict=True))
    ratio = statistics.median(one / other for one, other in rates)
    say(f"press-5 turn, durable: {ours:.0f} a second")
    say(f"bare Flask + signature check + one committed insert: {bare:.0f} a second")
    say(f"ratio {ratio:.2f} (aim: 0.5 or more), {ROUNDS} rounds of {CALLS_A_ROUND} calls")


def _round(machine: Machine, bare_port: int, number: int, calls: int) -> tuple[float, float]:
    """Open `calls` new calls, then measure their press-5 turns, then as many bare ones."""
    token = Settings().auth_token
    forms = [_form(f"CA{number:04x}{index:028x}", index) for index in range(calls)]
    voice = f"{machine.base_url}/ivr/voice"
    _, documents = send_all(machine.port, [prepare(token, voice, form) for form in forms])
    pressed = [[*form, ("Digits", "5"), ("FinishedOnKey", "")] for form in forms]
    turns = [
        prepare(token, urljoin(voice, _action(document)), form)
        for document, form in zip(documents, pressed, strict=True)
    ]
    bare_url = f"http://127.0.0.1:{bare_port}/bare?menu=main&turn=1&tries=0"
    bare = [prepare(token, bare_url, form) for form in pressed]
    seconds, answers = send_all(machine.port, turns)
    assert all(b"<Enqueue" in answer for answer in answers), "a turn did not join the queue"
    bare_seconds, _ = send_all(bare_port, bare)
    return calls / seconds, calls / bare_seconds


def _form(sid: str, index: int) -> list[tuple[str, str]]:
    caller = f"+8210{20_000_000 + index:08}"
    return [
        *FORM,
        ("CallSid", sid),
        ("From", caller),
        ("Caller", caller),
        ("CallStatus", "in-progress"),
    ]


def _action(document: bytes) -> str:
    gather = ElementTree.fromstring(document).find("Gather")
    assert gather is not None, document
    return unescape(gather.attrib["action"])
