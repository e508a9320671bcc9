"""The figures a process counts about itself, in Prometheus form."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

TURN_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0)


class Metrics:
    """One registry for each process, made with its services, so that tests do not share counts.

    No label holds anything personal: hooks, kinds and outcomes are words of the program.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.webhook_turns = Counter(
            "helpline_webhook_turns",
            "Carrier webhooks answered",
            ("hook", "outcome"),
            registry=self.registry,
        )
        self.webhook_seconds = Histogram(
            "helpline_webhook_seconds",
            "Time to answer a carrier webhook",
            ("hook",),
            buckets=TURN_SECONDS,
            registry=self.registry,
        )
        self.orders = Counter(
            "helpline_orders",
            "Orders carried out at the carrier",
            ("kind", "outcome"),
            registry=self.registry,
        )
        self.carrier_shut_out = Counter(
            "helpline_carrier_shut_out",
            "Requests for which the carrier refused the whole account (401, 403)",
            registry=self.registry,
        )
        self.offers = Counter(
            "helpline_offers", "Offers by how they ended", ("end",), registry=self.registry
        )
        self.waiting = Gauge(
            "helpline_waiting_calls", "Calls waiting for a counselor", registry=self.registry
        )
        self.doorbell_failures = Counter(
            "helpline_doorbell_failures",
            "Rings that Redis did not take; the sweep makes them good",
            registry=self.registry,
        )
        self.database_away = Counter(
            "helpline_database_away", "Turns that found PostgreSQL away", registry=self.registry
        )
        self._add_checks()

    def _add_checks(self) -> None:
        """What is right or wrong around the process, whatever it does."""
        self.clock_ahead = Gauge(
            "helpline_clock_ahead_seconds",
            "By how much this machine's clock is ahead of PostgreSQL's (negative: behind)",
            registry=self.registry,
        )
        self.self_test = Gauge(
            "helpline_self_test",
            "1 where the check at the start went well (address, account)",
            ("check",),
            registry=self.registry,
        )

    def page(self) -> bytes:
        """Return the figures in the text form that Prometheus reads."""
        return generate_latest(self.registry)
