"""The figures: one registry for each set of services."""

from core.metrics import Metrics


def test_two_registries_do_not_share_counts() -> None:
    first, second = Metrics(), Metrics()
    first.orders.labels("ring", "done").inc()
    assert b'helpline_orders_total{kind="ring",outcome="done"} 1.0' in first.page()
    assert b'kind="ring"' not in second.page()
