"""Further fresh databases for tests that live through a story more than once."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg


@contextmanager
def fresh(postgres_url: str, template: str) -> Iterator[str]:
    """The address of a copy of `template`, dropped afterwards."""
    name = f"again_{uuid.uuid4().hex[:12]}"
    plain = postgres_url.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        head, _, query = postgres_url.partition("?")
        try:
            yield head.rsplit("/", 1)[0] + f"/{name}" + (f"?{query}" if query else "")
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
