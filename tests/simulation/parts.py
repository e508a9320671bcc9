"""What the application of a simulated stretch is built from, and where its ids come from."""

import base64
import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher

from core import passwords
from core.clock import Clock
from core.config import load_config
from core.database import Database
from core.live import StillLive
from core.metrics import Metrics
from core.policy import load_policy
from core.sealing import Sealer
from core.services import Services
from core.work import InlineWork
from tests.databases import DATA_KEY


def build_services(url: str, database: Database, clock: Clock) -> Services:
    """Return what one process of the application stands on, in a simulated world.

    A turn may take as long as the policy lets it: a busy machine must not change the story.
    """
    config = load_config(
        {
            "DATABASE_URL": url,
            "SECRET_KEY": "a simulated day's cookie-signing key, long enough",
            "DATA_KEYS": base64.urlsafe_b64encode(DATA_KEY).decode(),
        }
    )
    return Services(
        config=config,
        policy=load_policy(turn_seconds_max=10.0),
        database=database,
        clock=clock,
        sealer=Sealer((DATA_KEY,)),
        work=InlineWork(),
        live=StillLive(),
        metrics=Metrics(),
    )


@contextmanager
def seeded_ids(seed: int) -> Iterator[None]:
    """Make every uuid4 from the seed, so that ties are broken alike on every run."""
    rng = random.Random(f"{seed}/ids")
    real = uuid.uuid4
    uuid.uuid4 = lambda: uuid.UUID(int=rng.getrandbits(128), version=4)  # type: ignore[assignment]
    try:
        yield
    finally:
        uuid.uuid4 = real


@contextmanager
def cheap_passwords() -> Iterator[None]:
    """Hash as argon2 does at its least: simulated people's passwords guard nothing."""
    real = passwords._HASHER, passwords._NOBODY
    passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords._NOBODY = passwords._HASHER.hash("nobody")
    try:
        yield
    finally:
        passwords._HASHER, passwords._NOBODY = real
