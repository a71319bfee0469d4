"""Somebody who reads pages over one connection that stays open, and a clock beside them."""

from __future__ import annotations

import http.client
import time
from http.cookies import SimpleCookie
from urllib.parse import urlencode

PATIENCE = 120


class Refused(Exception):
    """The page was not what was asked for."""


class Browser:
    """`get` and `post` give the seconds until the last byte; `page` is what was read."""

    def __init__(self, port: int) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.cookies: dict[str, str] = {}
        self.status, self.page, self.location = 0, b"", ""

    def get(self, address: str, status: int = 200) -> float:
        return self._ask("GET", address, None, status)

    def post(self, address: str, fields: dict[str, str], status: int = 302) -> float:
        body = urlencode({"csrfmiddlewaretoken": self.cookies.get("csrftoken", ""), **fields})
        return self._ask("POST", address, body, status)

    def sign_in(self, address: str, email: str, password: str) -> None:
        self.get(address)
        self.post(address, {"username": email, "password": password})

    def close(self) -> None:
        self._line.close()

    def _ask(self, method: str, address: str, body: str | None, status: int) -> float:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            seconds, answer = self._clocked(method, address, body, headers)
        except http.client.RemoteDisconnected:
            # The line was idle for longer than the server keeps one: a new one is opened, and the clock starts anew.
            self._line.close()
            seconds, answer = self._clocked(method, address, body, headers)
        self.status, self.location = answer.status, answer.getheader("Location", "")
        for line in answer.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: cookie.value for name, cookie in SimpleCookie(line).items()}
        if answer.status != status:
            raise Refused(f"{method} {address}: {answer.status} where {status} was due; {self.page[:300]!r}")
        return seconds

    def _clocked(
        self, method: str, address: str, body: str | None, headers: dict[str, str]
    ) -> tuple[float, http.client.HTTPResponse]:
        began = time.perf_counter()
        self._line.request(method, address, body, headers)
        answer = self._line.getresponse()
        self.page = answer.read()
        return time.perf_counter() - began, answer
