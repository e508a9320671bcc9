"""The JSON API as a person's program asks it: again, with the same key, while the line is away."""

import asyncio
import base64
import json
import time
import uuid
from typing import Any

import aiohttp

ASKS_AGAIN_SECONDS_MAX = 60.0
PAUSE_SECONDS = 0.3


class LineAway(Exception):
    """The API has not answered for a minute. See the logs of the webs."""


class Api:
    """One person's way to the line."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, login: str) -> None:
        self.login = login
        self._session = session
        self._base = base_url + "/api/v1"
        self._token = ""

    async def sign_in(self, password: str) -> None:
        """Get a token."""
        said = {"login": self.login, "password": password}
        _, body = await self.ask("POST", "/tokens", said)
        self._token = body["token"]

    async def identity(self) -> str:
        """Return the address of this account's softphone."""
        _, body = await self.ask("GET", "/me/softphone")
        payload = body["token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return f"client:{claims['grants']['identity']}"

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        """Return (status, JSON). Raises LineAway after a minute without an answer."""
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        if method != "GET":
            headers["Idempotency-Key"] = str(uuid.uuid4())
        deadline = time.monotonic() + ASKS_AGAIN_SECONDS_MAX
        while time.monotonic() < deadline:
            answer = await self._once(method, path, body, headers)
            if answer is not None and answer[0] < 500:
                return answer
            await asyncio.sleep(PAUSE_SECONDS)
        raise LineAway(f"{method} {_shape(path)}")

    async def _once(
        self, method: str, path: str, body: object, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any]] | None:
        sent = None if method == "GET" else (body or {})
        try:
            async with self._session.request(
                method, self._base + path, json=sent, headers=headers
            ) as answer:
                raw = await answer.read()
                return answer.status, json.loads(raw) if raw else {}
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None


def _shape(path: str) -> str:
    return "/".join("*" if len(part) == 36 else part for part in path.split("?")[0].split("/"))
