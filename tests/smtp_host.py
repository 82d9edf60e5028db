"""A mail host on a free loopback port, as far as it is needed: it takes messages, ends connections, and refuses addresses."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Thread


@dataclass
class MailHost:
    """What the host is to do, and what it has taken. `per_connection`: it hangs up after so many messages."""

    port: int = 0
    per_connection: int | None = None
    refused: frozenset[str] = frozenset()
    connections: int = 0
    taken: list[EmailMessage] = field(default_factory=list)


@contextmanager
def mail_host() -> Iterator[MailHost]:
    """A host that runs until the end of the block."""
    host = MailHost()

    class Talk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            host.connections += 1
            self.took = 0
            self.say(220)
            while line := self.rfile.readline():
                verb = line.split(maxsplit=1)[0].upper()
                if verb == b"DATA":
                    self.take()
                elif verb == b"QUIT":
                    return self.say(221)
                elif verb == b"RCPT" and any(address.encode() in line for address in host.refused):
                    self.say(550)
                elif verb == b"MAIL" and self.took == host.per_connection:
                    return None
                else:
                    self.say(250)
            return None

        def take(self) -> None:
            self.say(354)
            lines = list(iter(self.rfile.readline, b".\r\n"))
            host.taken.append(message_from_bytes(b"".join(lines), EmailMessage, policy=policy.default))
            self.took += 1
            self.say(250)

        def say(self, code: int) -> None:
            self.wfile.write(b"%d as you say\r\n" % code)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
        server.daemon_threads = True
        host.port = server.server_address[1]
        Thread(target=server.serve_forever, daemon=True).start()
        yield host
        server.shutdown()
