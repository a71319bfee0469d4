"""A time stamp (RFC 3161) from a service on the network: welcome, and never waited for long."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from queue import Empty, SimpleQueue
from typing import Any

from asn1crypto import cms, tsp
from pyhanko.sign.timestamps import TimeStamper

MOST = 64 * 1024


class _NoDetour(urllib.request.HTTPRedirectHandler):
    """The service that the installation names, and no other one: a detour could lead to a machine inside."""

    def redirect_request(self, *args: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoDetour)


class NoStamp(Exception):
    """The service did not answer in time, or not with a stamp for what was asked."""


class Service(TimeStamper):
    def __init__(self, url: str, seconds: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # pyHanko says no types here
        self.url = url
        self.seconds = seconds

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        try:
            token = await super().async_timestamp(message_digest, md_algorithm)
            stamped = token["content"]["encap_content_info"]["content"].parsed["message_imprint"]["hashed_message"]
            is_ours = stamped.native == message_digest
        except Exception as error:
            # What a stranger's server answers can break the parser in as many ways as there are.
            raise NoStamp(f"{self.url}: {error}") from error
        if not is_ours:
            raise NoStamp(f"{self.url} stamped something else")
        return token

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return tsp.TimeStampResp.load(self._ask(req.dump()), strict=True)

    def _ask(self, question: bytes) -> bytes:
        # A time-out of the connection starts anew with each byte, so a server that drips would hold us for ever.
        answers: SimpleQueue[bytes | Exception] = SimpleQueue()
        threading.Thread(target=self._fetch, args=(question, answers), daemon=True).start()
        try:
            answer = answers.get(timeout=self.seconds)
        except Empty:
            raise TimeoutError(f"no answer within {self.seconds} seconds") from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _fetch(self, question: bytes, answers: SimpleQueue[bytes | Exception]) -> None:
        try:
            if not self.url.startswith(("https://", "http://")):
                raise ValueError("TIMESTAMP_URL must begin with https:// or http://")
            headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
            request = urllib.request.Request(self.url, question, headers)
            with _OPENER.open(request, timeout=self.seconds) as response:
                answers.put(response.read(MOST))
        except urllib.error.HTTPError as error:
            error.close()
            answers.put(error)
        except Exception as error:
            # Raised again in the thread that waits.
            answers.put(error)
