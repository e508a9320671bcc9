"""What each process of a race does; a module of its own, so that a fresh interpreter finds it."""

import sys
import uuid
from datetime import datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from callbacks import actions, calling
from callbacks.sweep import tend
from citizens import actions as citizens
from core.database import Database
from core.policy import load_policy
from core.sealing import Sealer
from routing.actions import Accepted

WAIT_SECONDS = 60


def call_each(
    url: str, now: datetime, barrier: Barrier, key: bytes, who: str, ids: list[str], wins: str
) -> None:
    """Press "call" of each promise at the same instant as everybody else; write the wins."""
    database, policy, sealer = Database(url, pool_size=1), load_policy(), Sealer((key,))
    won = 0
    for promise_id in ids:
        barrier.wait(WAIT_SECONDS)
        with database.transaction() as session:
            begun = calling.call_now(
                session, uuid.UUID(promise_id), uuid.UUID(who), sealer, now, policy
            )
        won += isinstance(begun, Accepted)
    Path(wins).write_text(str(won), encoding="utf-8")
    database.close()


def make_each(
    url: str, now: datetime, barrier: Barrier, key: bytes, numbers: list[str], wins: str
) -> None:
    """Promise a call to each number at the same instant as everybody else; write what was new."""
    database, policy, sealer = Database(url, pool_size=1), load_policy(), Sealer((key,))
    new = 0
    for number in numbers:
        barrier.wait(WAIT_SECONDS)
        with database.transaction() as session:
            citizen = citizens.know(session, number, sealer, "ko", now)
            citizens.consent(
                session,
                citizen,
                citizens.Purpose.CONTACT_BY_PHONE,
                wording="test",
                how=citizens.How.SPOKEN,
                heard_by="test",
                now=now,
            )
            session.flush()
            made = actions.make(
                session, citizen, actions.Wish(purpose="talk", origin="web_form"), now, policy
            )
        new += isinstance(made, actions.Made) and made.is_new
    Path(wins).write_text(str(new), encoding="utf-8")
    database.close()


def tend_in_turn(url: str, now: datetime, barrier: Barrier, rounds: int) -> None:
    """Tend the promises a number of times as fast as can be."""
    database, policy = Database(url, pool_size=1), load_policy()
    barrier.wait(WAIT_SECONDS)
    for _ in range(rounds):
        with database.transaction() as session:
            tend(session, now, policy)
    database.close()
