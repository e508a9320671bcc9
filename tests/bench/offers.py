"""From "counselor ready" to "order sent to the carrier": web, RQ worker and carrier for real.

One counselor after another says ready while many wait; the clock runs from the answer to that
PUT (its transaction is committed by then), and from the moment the server noted it, to the POST
/Calls arriving at a stub carrier.
"""

import http.client
import json
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from core.database import Database
from core.models import Account
from core.passwords import hash_password
from counselors.models import CounselingSession, Counselor, Presence
from routing.models import Call, Offer
from tests.bench.carrier import StubCarrier
from tests.bench.figures import say, spread
from tests.bench.machine import Machine

TURNING = 10  # counselors who say ready in turn; the others are in talks
SAMPLES = 200
SECONDS_MAX = 40.0
PASSWORD = "a bench counselor's password"
CASES = ((200, 10), (2000, 500))


def bench_offers() -> None:
    """Measure and print each case."""
    for waiting, counselors in CASES:
        with Machine() as machine:
            carrier = StubCarrier(machine.carrier_port)
            database = Database(machine.database_url)
            numbers = fill(database, waiting, counselors)
            machine.web()
            machine.worker()
            try:
                measured = _measure(machine, database, carrier, numbers)
            finally:
                database.close()
                carrier.close()
        say(f"{waiting} waiting, {counselors} counselors (aim: p99 under 25 ms)")
        say(spread("  ready committed -> order at the carrier", [each[0] for each in measured]))
        say(spread("  ready arrived   -> order at the carrier", [each[1] for each in measured]))


def fill(database: Database, waiting: int, counselors: int) -> list[str]:
    """Put people into an empty database; returns the numbers of those who will say ready."""
    now = datetime.now(UTC)
    password_hash = hash_password(PASSWORD)
    ids = [uuid.uuid4() for _ in range(counselors)]
    with database.transaction() as session:
        session.execute(
            insert(Account),
            [
                {
                    "id": each,
                    "login": f"bench{number}",
                    "name": "상담사",
                    "role": "counselor",
                    "password_hash": password_hash,
                    "created_at": now,
                }
                for number, each in enumerate(ids)
            ],
        )
        session.execute(insert(Counselor), [_seat(each, n) for n, each in enumerate(ids)])
        _talk(session, ids[TURNING:], now)
        session.execute(insert(Presence), [_presence(each, n, now) for n, each in enumerate(ids)])
        session.execute(insert(Call), [_call("waiting", n, now) for n in range(waiting)])
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    return [_number(number) for number in range(min(TURNING, counselors))]


def _number(number: int) -> str:
    return f"+8210{50_000_000 + number:08}"


def _seat(counselor_id: uuid.UUID, number: int) -> dict[str, object]:
    return {
        "id": counselor_id,
        "certificate": "social_worker_1",
        "certificate_no": f"SW-{number}",
        "certified_until": date(2099, 12, 31),
        "training_hours": 60,
        "skills": {"isolation": 3},
        "languages": ["ko"],
        "endpoint": f"tel:{_number(number)}",
    }


def _presence(counselor_id: uuid.UUID, number: int, now: datetime) -> dict[str, object]:
    return {
        "counselor_id": counselor_id,
        "status": "off" if number < TURNING else "ready",
        "status_since": now,
        "state": "free" if number < TURNING else "on_call",
        "state_since": now,
        "idle_since": now - timedelta(seconds=number),
    }


def _call(state: str, number: int, now: datetime) -> dict[str, object]:
    arrived = now - timedelta(seconds=number)
    return {
        "id": uuid.uuid4(),
        "carrier_sid": f"CA{state[0].encode().hex()}{number:030x}",
        "state": state,
        "state_since": now,
        "deadline": now + timedelta(hours=1),
        "caller_kind": "withheld",
        "need": "talk",
        "arrived_at": arrived,
        "queued_at": arrived,
        "heard_at": now,
    }


def _talk(session: Session, ids: Sequence[uuid.UUID], now: datetime) -> None:
    """Let these counselors be in a talk each."""
    if not ids:
        return
    calls = [_call("connected", number, now) for number in range(len(ids))]
    offers = [
        {
            "id": uuid.uuid4(),
            "call_id": call["id"],
            "counselor_id": each,
            "state": "accepted",
            "reason": "bench",
            "offered_at": now,
            "deadline": now,
            "ended_at": now,
        }
        for call, each in zip(calls, ids, strict=True)
    ]
    talks = [
        {
            "id": uuid.uuid4(),
            "call_id": offer["call_id"],
            "offer_id": offer["id"],
            "counselor_id": offer["counselor_id"],
            "state": "talking",
            "accepted_at": now,
            "joined_at": now,
        }
        for offer in offers
    ]
    session.execute(insert(Call), calls)
    session.execute(insert(Offer), offers)
    session.execute(insert(CounselingSession), talks)


class _Desk:
    """One counselor's connection to the API."""

    def __init__(self, port: int, login: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self._token = ""
        body = {"login": login, "password": PASSWORD}
        self._token = str(self._ask("POST", "/tokens", body)["token"])

    def say(self, status: str) -> None:
        self._ask("PUT", "/me/presence", {"status": status})

    def _ask(self, method: str, path: str, body: dict[str, str]) -> dict[str, object]:
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        self._connection.request(method, f"/api/v1{path}", json.dumps(body), headers)
        answer = self._connection.getresponse()
        raw = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {raw[:200]!r}")
        found: dict[str, object] = json.loads(raw)
        return found


def _measure(
    machine: Machine, database: Database, carrier: StubCarrier, numbers: Sequence[str]
) -> list[tuple[float, float]]:
    desks = [_Desk(machine.port, f"bench{index}") for index in range(len(numbers))]
    measured: list[tuple[float, float]] = []
    until = time.monotonic() + SECONDS_MAX
    for sample in range(-len(numbers), SAMPLES):  # the first round warms up
        if time.monotonic() > until:
            break
        desk, number = desks[sample % len(desks)], numbers[sample % len(desks)]
        asked = time.time()
        desk.say("ready")
        answered = time.time()
        rung = carrier.await_ring(number, 5)
        desk.say("break")
        if rung is None:
            raise RuntimeError("no order reached the carrier within 5 s")
        if sample >= 0:
            measured.append((max(0.0, rung - answered), rung - asked))
        time.sleep(0.02)  # let the ringing be taken back
    return measured
