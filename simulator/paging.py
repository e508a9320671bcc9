"""Lists in pages, as the carrier cuts them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from simulator.rest_values import JSON, Params, RestAnswer

SIZE_DEFAULT = 50
SIZE_MAX = 1000
PAGE_MAX = 1_000_000

_Item = TypeVar("_Item")


def page_of(
    key: str,
    path: str,
    items: Sequence[_Item],
    render: Callable[[_Item], JSON],
    params: Params,
    filters: Sequence[str] = (),
) -> RestAnswer:
    """One page of `items` under `key`, with relative links to its neighbours.

    filters: names of query parameters that the links must repeat.
    """
    size = params.number("PageSize", SIZE_DEFAULT, 1, SIZE_MAX)
    page = params.number("Page", 0, 0, PAGE_MAX)
    start = page * size
    shown = items[start : start + size]
    kept = [(name, params.get(name)) for name in filters if name in params]

    def link(number: int) -> str:
        return f"{path}?{urlencode([*kept, ('PageSize', str(size)), ('Page', str(number))])}"

    body: JSON = {
        key: [render(item) for item in shown],
        "page": page,
        "page_size": size,
        "start": start,
        "end": start + max(0, len(shown) - 1),
        "uri": link(page),
        "first_page_uri": link(0),
        "next_page_uri": link(page + 1) if start + size < len(items) else None,
        "previous_page_uri": link(page - 1) if page else None,
    }
    return RestAnswer(200, body)
