"""A mail server that keeps what it accepts, and behaves as badly as it is told to. Real SMTP on the loopback.

What reached the outside is counted here, never in our own tables. Every text is on disk before it is answered for.
"""

from __future__ import annotations

import json
import os
import socket
import socketserver
import threading
import time
from collections import Counter
from email import message_from_string, policy
from email.message import EmailMessage
from pathlib import Path

ACCEPT = "accept"
# Accepted and kept, but nobody is told so.
ACCEPT_AND_HANG_UP, ACCEPT_AND_STALL = "accept and hang up", "accept and stall"
# Accepted, and the goodbye is answered with nonsense.
ACCEPT_AND_BABBLE = "accept and babble"
# Accepted, and passed on to where the receiver is now.
FORWARD = "forward"
# Accepted, and the line is closed before the next message on it.
ACCEPT_AND_CLOSE = "accept and close"
# Gone before the text: it has certainly not left.
HANG_UP_AT_ADDRESS, STALL_AT_ADDRESS = "hang up at address", "stall at address"
HANG_UP_AT_TEXT, STALL_AT_TEXT = "hang up at text", "stall at text"
# Gone after the text, which was thrown away: whoever sent it cannot know.
HANG_UP_AFTER_TEXT, STALL_AFTER_TEXT = "hang up after text", "stall after text"
BABBLE_AFTER_TEXT = "babble after text"
STALL_LASTS = 30.0


class Sink:
    """`script` says how the next texts to an address are answered; a plain code such as "450" is that answer.

    "rcpt 550" answers so to the address itself, "data 451" to the wish to send a text. Unscripted texts are accepted.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / "accepted.jsonl"
        self.file.touch()
        self.script: dict[str, list[str]] = {}
        self.pause = 0.0
        self.refuses_everybody = False
        # How often somebody called.
        self.lines = 0
        # How the next senders are answered, before anybody is named.
        self.to_senders: list[str] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Conversation)
        self._server.sink = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Sink:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def accepted(self) -> list[EmailMessage]:
        return [message_from_string(json.loads(line)["text"], policy=policy.default) for line in self._lines()]

    def recipients(self) -> list[str]:
        return [recipient for line in self._lines() for recipient in json.loads(line)["to"]]

    def times(self) -> Counter[str]:
        """How often a text with each Message-ID was accepted."""
        return Counter(str(mail["Message-ID"]) for mail in self.accepted())

    def moments(self) -> list[float]:
        return [json.loads(line)["at"] for line in self._lines()]

    def forget(self) -> None:
        with self._lock:
            self.file.write_text("")

    def _lines(self) -> list[str]:
        return self.file.read_text().splitlines()

    def next_behaviour(self, address: str) -> str:
        with self._lock:
            planned = self.script.get(address)
            return planned.pop(0) if planned else ACCEPT

    def keep(self, recipients: list[str], text: str) -> None:
        with self._lock, self.file.open("a") as file:
            file.write(json.dumps({"to": recipients, "text": text, "at": time.time()}) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def next_to_sender(self) -> str:
        with self._lock:
            return self.to_senders.pop(0) if self.to_senders else "250"

    def stall(self) -> None:
        self._over.wait(STALL_LASTS)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    sink: Sink

    def handle_error(self, request: object, client_address: object) -> None:
        """A worker that was killed leaves half a conversation behind."""


class _Conversation(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.recipients: list[str] = []
        self.behaviour = ACCEPT
        self.server.sink.lines += 1
        if self.server.sink.refuses_everybody:
            return self.say("421 closed for today")
        self.say("220 sink")
        while line := self.rfile.readline():
            verb = line.decode("latin-1").strip()
            if not self.answer(verb):
                return None
        return None

    def answer(self, verb: str) -> bool:
        """False when the conversation is over."""
        match verb.split(" ", 1)[0].upper():
            case "EHLO" | "HELO":
                self.say("250 sink")
            case "MAIL":
                return self.hear_sender()
            case "RCPT":
                return self.hear_recipient(verb.split("<", 1)[1].split(">", 1)[0])
            case "DATA":
                return self.hear_text()
            case "QUIT":
                self.say("599 what?" if self.behaviour == ACCEPT_AND_BABBLE else "221 bye")
                return False
            case _:
                self.say("250 ok")
        return True

    def hear_sender(self) -> bool:
        self.recipients, self.behaviour = [], ACCEPT
        answer = self.server.sink.next_to_sender()
        if answer == "hang up":
            return self.hang_up()
        self.say(f"{answer} sender")
        return answer != "421"

    def hear_recipient(self, address: str) -> bool:
        self.behaviour = self.server.sink.next_behaviour(address)
        match self.behaviour:
            case behaviour if behaviour == HANG_UP_AT_ADDRESS:
                return self.hang_up()
            case behaviour if behaviour == STALL_AT_ADDRESS:
                return self.stall()
            case behaviour if behaviour.startswith("rcpt "):
                self.say(f"{behaviour[5:]} not this one")
                return behaviour != "rcpt 421"
        self.recipients.append(address)
        self.say("251 will forward" if self.behaviour == FORWARD else "250 ok")
        return True

    def hear_text(self) -> bool:
        match self.behaviour:
            case behaviour if behaviour == HANG_UP_AT_TEXT:
                return self.hang_up()
            case behaviour if behaviour == STALL_AT_TEXT:
                return self.stall()
            case behaviour if behaviour.startswith("data "):
                self.say(f"{behaviour[5:]} no text")
                return behaviour != "data 421"
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        if line == b"":
            return False
        time.sleep(self.server.sink.pause)
        return self.answer_for(b"".join(lines).decode("utf-8", "surrogateescape"))

    def answer_for(self, text: str) -> bool:
        match self.behaviour:
            case behaviour if behaviour.isdigit():
                self.say(f"{behaviour} as you like")
                return behaviour != "421"
            case behaviour if behaviour == HANG_UP_AFTER_TEXT:
                return self.hang_up()
            case behaviour if behaviour == STALL_AFTER_TEXT:
                return self.stall()
            case behaviour if behaviour == BABBLE_AFTER_TEXT:
                self.say("what was that?")
                return True
        self.server.sink.keep(self.recipients, text)
        time.sleep(self.server.sink.pause)
        match self.behaviour:
            case behaviour if behaviour == ACCEPT_AND_HANG_UP:
                return self.hang_up()
            case behaviour if behaviour == ACCEPT_AND_STALL:
                return self.stall()
        self.say("250 kept")
        return self.behaviour != ACCEPT_AND_CLOSE

    def stall(self) -> bool:
        self.server.sink.stall()
        return False

    def hang_up(self) -> bool:
        self.connection.shutdown(socket.SHUT_RDWR)
        return False

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())
