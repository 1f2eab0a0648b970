"""A real SMTP server on loopback for tests of mail: it keeps what it gets, and misbehaves when told to.

with SmtpServer() as server:
    ...
    server.messages[0]["Subject"]
"""

from __future__ import annotations

import socketserver
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self


class _Session(socketserver.StreamRequestHandler):
    """One connection; the server's lists say what to refuse."""

    server: Any

    def reply(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def handle(self) -> None:
        owner: SmtpServer = self.server.owner
        self.recipients: list[str] = []
        self.reply("220 test")
        while line := self.rfile.readline():
            word, _space, rest = line.decode().strip().partition(" ")
            if word.upper() == "QUIT":
                return self.reply("221 bye")
            if word.upper() == "RCPT":
                self._recipient(owner, rest.split(":", 1)[1].split("<")[1].split(">")[0])
            elif word.upper() == "DATA":
                if not self._data(owner):
                    return None
            else:
                if word.upper() == "RSET":
                    self.recipients = []
                self.reply("250 ok")
        return None

    def _recipient(self, owner: SmtpServer, address: str) -> None:
        if address in owner.unknown:
            return self.reply("550 5.1.1 no such user")
        if owner.busy > 0:
            owner.busy -= 1
            return self.reply("451 try later")
        self.recipients.append(address)
        return self.reply("250 ok")

    def _data(self, owner: SmtpServer) -> bool:
        """Takes the message; False when the connection is to be dropped before the answer."""
        self.reply("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        owner.messages.append(message_from_bytes(b"".join(lines), policy=policy.default))  # type: ignore[arg-type]
        owner.envelopes.append(list(self.recipients))
        if owner.drops > 0:
            owner.drops -= 1
            return False
        self.reply("250 taken")
        return True


class SmtpServer:
    """messages: what was taken; envelopes: the recipients of each; unknown: addresses refused with 550; busy: how many recipients
    get 451; drops: how many messages are taken without an answer.
    """

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.envelopes: list[list[str]] = []
        self.unknown: set[str] = set()
        self.busy = self.drops = 0
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Session)
        self._server.daemon_threads = True
        self._server.owner = self  # type: ignore[attr-defined]
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
