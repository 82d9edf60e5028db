"""How messages leave: by e-mail where there is an address and the service has a mail host; else as letters for the post room."""

import json
import re
import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from debit_service.collections.letters import print_letters
from debit_service.core.errors import InvalidInput, Unavailable
from debit_service.core.events import Owed
from debit_service.core.files import write_atomically
from debit_service.core.settings import Settings

_SMTP_SECONDS_MAX = 20
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+", re.ASCII)


@contextmanager
def carrier(settings: Settings) -> Iterator["Post"]:
    """How messages leave during one delivery: see the module. Whatever is repeated after a crash is the same again."""
    host = _MailHost(settings.smtp_host, settings.smtp_port) if settings.smtp_host else None
    try:
        yield Post(host, settings.mail_from, settings.home / "letters")
    finally:
        if host:
            host.close()


@dataclass(frozen=True, slots=True)
class Post:
    """E-mail and the post room, for messages of any kind with `to`, `subject` and `text` (see `notice_text`)."""

    host: "_MailHost | None"
    mail_from: str
    folder: Path

    def carry(self, owed: Owed) -> bool:
        """Send it by e-mail; False when it has to be a letter."""
        message = json.loads(owed.body)
        if not (message["to"] and self.host):
            return False
        self.host.send(_mail(self.mail_from, owed.id, message))
        return True

    def print_run(self, name: str, letters: Sequence[Owed]) -> None:
        """Write `NAME.pdf`, a page a letter, and `NAME.csv`, which says whose notice is on which page."""
        printed = print_letters(letters)
        write_atomically(self.folder / f"{name}.csv", printed.index, mode=0o600)
        # Last: where the pages are, the index is.
        write_atomically(self.folder / f"{name}.pdf", printed.pdf, mode=0o600)


def _mail(mail_from: str, message_id: str, message: dict[str, str]) -> EmailMessage:
    # Checked here, because the header parser of the standard library fails on some addresses with errors of any kind.
    if not _ADDRESS.fullmatch(message["to"]):
        raise InvalidInput("mail.address", "The employer's address cannot stand in an e-mail.", remedy="Correct it.")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = mail_from, message["to"], message["subject"]
    mail["Message-ID"] = f"<{message_id}@{mail_from.rpartition('@')[2]}>"
    mail.set_content(message["text"])
    return mail


class _MailHost:
    """One connection for all messages of a delivery. A host that cannot be reached is not called again before the next one."""

    def __init__(self, name: str, port: int) -> None:
        self._name, self._port = name, port
        self._connection: smtplib.SMTP | None = None
        self._unreachable: Unavailable | None = None

    def send(self, mail: EmailMessage) -> None:
        """Hand over one message. Raises Unavailable `mail.refused` or `mail.unreachable`."""
        used_before = self._connection is not None
        try:
            try:
                self._connected().send_message(mail)
            except (smtplib.SMTPServerDisconnected, smtplib.SMTPSenderRefused, ConnectionError):
                # Hosts end a connection after so many messages; a new one then takes this message.
                self.close()
                if not used_before:
                    raise
                self._connected().send_message(mail)
        except smtplib.SMTPException as error:
            raise Unavailable(
                "mail.refused", f"The mail host did not take the message ({type(error).__name__})."
            ) from None
        except OSError as error:
            self.close()
            raise Unavailable("mail.unreachable", f"The mail host broke off ({type(error).__name__}).") from None

    def close(self) -> None:
        """End the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection:
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()

    def _connected(self) -> smtplib.SMTP:
        if self._unreachable:
            raise self._unreachable
        if self._connection is None:
            try:
                self._connection = smtplib.SMTP(self._name, self._port, timeout=_SMTP_SECONDS_MAX)
            except (smtplib.SMTPException, OSError) as error:
                self._unreachable = Unavailable(
                    "mail.unreachable", f"The mail host cannot be reached ({type(error).__name__})."
                )
                raise self._unreachable from None
        return self._connection
