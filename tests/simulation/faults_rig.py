"""What a simulated stretch runs on: processes, their background, the wires, and what befalls them.

Without faults it is one process over clean wires.
"""

from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Any

import psycopg

from core.database import Database
from core.services import Services
from simulator.kernel import VirtualKernel
from simulator.rest import Rest
from simulator.transport import FaultyTransport, Transport
from tests.databases import plain
from tests.simulation.background import Background
from tests.simulation.commits import Killed, Meddler
from tests.simulation.dues import Watch
from tests.simulation.faults import Faults
from tests.simulation.faults_drawn import ForgetfulTransport, MeddlerOf, Misfortune
from tests.simulation.faults_process import Process, Processes, ProcessTransport, StartResponse
from tests.simulation.faults_wires import FaultyRestWire, StubbornServer
from tests.simulation.parts import build_services
from tests.simulation.repeats import SameAnswers, rows_of
from tests.simulation.wires import InProcessCarrier, KernelClock, RestWire

LATENCY_SECONDS = 0.05


class Rig:
    """The application's processes on one database, and the dice."""

    def __init__(
        self,
        database_url: str,
        kernel: VirtualKernel,
        faults: Faults,
        seed: int,
        *,
        every_tick: bool = False,
        meddler: Meddler | None = None,
    ) -> None:
        """Build the processes; `connect` lets their background begin.

        meddler: decides at the commits of the first process instead of the dice.
        """
        self.faults = faults
        self.clock = KernelClock(kernel)
        self.backgrounds: list[Background] = []
        self._kernel = kernel
        self._url = database_url
        self._every_tick = every_tick
        self._watcher = psycopg.connect(plain(database_url), autocommit=True)
        self.answers = SameAnswers(partial(rows_of, self._watcher))
        self.misfortune = Misfortune(faults, seed, kernel, self.clock, self._watcher)
        self.misfortune.race = self._race
        self.misfortune.wake_all = self._wake_all
        self._is_raced = faults.second_process > 0 or faults.rest_overtaken > 0
        count = 2 if self._is_raced else 1
        made = [self._process(number, meddler) for number in range(count)]
        self.processes = Processes(made, self.misfortune.choose)
        self.processes.on_death = self._died
        self._watch = Watch(database_url, self.services.policy, lambda: self.written)
        self.server = StubbornServer(self.processes)

    def _process(self, number: int, meddler: Meddler | None) -> Process:
        mine = MeddlerOf(self.misfortune) if self.faults.kinds() else None
        process = Process(
            number, self._url, self._services_on, meddler or mine, is_raced=self._is_raced
        )
        if mine is not None:
            mine.process = process
        return process

    def _services_on(self, database: Database) -> Services:
        return build_services(self._url, database, self.clock)

    @property
    def services(self) -> Services:
        """What the first process stands on; another after it died."""
        return self.processes.first.services

    @property
    def written(self) -> int:
        """How many commits wrote something."""
        return sum(held.commits.written for held in self.processes.held)

    def app(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """The pages as a browser reaches them: a gateway's error where the process died."""
        try:
            return self.processes.app(environ, start_response)
        except Killed:
            self.processes.bury()
            start_response("502 Bad Gateway", [])
            return [b""]

    def transport(self) -> Transport:
        """How the carrier's requests travel."""
        road = ProcessTransport(self.processes, self._kernel, LATENCY_SECONDS, self.answers)
        if not self.faults.kinds():
            return road
        rough = FaultyTransport(road, self._kernel, self.misfortune.fate_of)
        return ForgetfulTransport(rough, self._kernel, self.misfortune)

    def connect(self, rest: Rest) -> None:
        """Let the processes reach the carrier, and look their line over from now on."""
        wire = RestWire(rest)
        if self.faults.kinds():
            wire = FaultyRestWire(rest, self._kernel, self.misfortune)
        carrier = InProcessCarrier(self.services.config, rest, wire)
        self.backgrounds = [
            Background(
                self._kernel,
                process,
                carrier,
                self._watch,
                self.misfortune,
                every_tick=self._every_tick,
                on_death=self._died,
            )
            for process in self.processes.held
        ]

    @property
    def outcomes(self) -> Counter[str]:
        """What came of carrying out orders, so many times each."""
        return sum((background.outcomes for background in self.backgrounds), Counter())

    def wrongs_of_orders(self) -> list[str]:
        """Return the orders of which two carried out the same."""
        settled = sum((background.settled for background in self.backgrounds), Counter())
        twice = [(order_id, count) for order_id, count in settled.items() if count > 1]
        return [f"order {order_id} was settled {count} times" for order_id, count in twice]

    def close(self) -> None:
        """Let every connection go."""
        self._watch.close()
        self._watcher.close()
        self.processes.close()

    def _died(self, process: Process) -> None:
        process.die()
        self._kernel.at(self.misfortune.restart_seconds(), lambda: self._revive(process))

    def _revive(self, process: Process) -> None:
        process.revive()
        self.backgrounds[process.number].wake()

    def _race(self, process: Process) -> None:
        for background, other in zip(self.backgrounds, self.processes.held, strict=True):
            if other is not process:
                background.race()

    def tidy(self) -> None:
        """Let the first process remove what nobody needs any more."""
        self.backgrounds[0].tidy()

    def _wake_all(self) -> None:
        for background in self.backgrounds:
            background.wake()
