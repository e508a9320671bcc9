"""What each process of a race does; a module of its own, so that a fresh interpreter finds it."""

import sys
import uuid
from datetime import datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core.database import Database
from core.policy import load_policy
from routing import actions, records
from routing.dispatch import dispatch
from routing.line import caller_left

WAIT_SECONDS = 60


def dispatch_in_turn(url: str, now: datetime, barrier: Barrier, rounds: int) -> None:
    """Decide a number of times as fast as can be."""
    database, policy = Database(url, pool_size=1), load_policy()
    barrier.wait(WAIT_SECONDS)
    for _ in range(rounds):
        with database.transaction() as session:
            dispatch(session, now, policy)
    database.close()


def accept_all(
    url: str, now: datetime, barrier: Barrier, pairs: list[tuple[str, str]], wins: str
) -> None:
    """Accept each offer at the same instant as everybody else; write how many were ours."""
    database, policy = Database(url, pool_size=1), load_policy()
    won = 0
    for offer_id, counselor_id in pairs:
        barrier.wait(WAIT_SECONDS)
        with database.transaction() as session:
            taken = actions.accept_offer(
                session, uuid.UUID(offer_id), uuid.UUID(counselor_id), now, policy
            )
        won += isinstance(taken, actions.Accepted)
    Path(wins).write_text(str(won), encoding="utf-8")
    database.close()


def leave_all(url: str, now: datetime, barrier: Barrier, call_ids: list[str]) -> None:
    """Hang up each caller at the same instant as its offer is accepted."""
    database, policy = Database(url, pool_size=1), load_policy()
    for call_id in call_ids:
        barrier.wait(WAIT_SECONDS)
        with database.transaction() as session:
            call = records.call_locked(session, uuid.UUID(call_id))
            assert call is not None
            caller_left(session, call, "hung up", now, policy)
    database.close()


def lapse_all(url: str, now: datetime, barrier: Barrier, pairs: list[tuple[str, str]]) -> None:
    """Let each offer lapse at the same instant as it is accepted."""
    database, policy = Database(url, pool_size=1), load_policy()
    for offer_id, counselor_id in pairs:
        barrier.wait(WAIT_SECONDS)
        with database.transaction() as session:
            actions.lapse_offer(session, uuid.UUID(offer_id), uuid.UUID(counselor_id), now, policy)
    database.close()
