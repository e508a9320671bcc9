"""Said once, then counted, then said again."""

from core.seldom import Seldom


def test_it_is_said_once_and_the_rest_is_counted() -> None:
    at = [100.0]
    seldom = Seldom(10, lambda: at[0])
    assert [seldom.now(), seldom.now(), seldom.now()] == [0, None, None]
    at[0] += 9.9
    assert seldom.now() is None
    at[0] += 0.1
    assert seldom.now() == 3
    at[0] += 100
    assert seldom.now() == 0
