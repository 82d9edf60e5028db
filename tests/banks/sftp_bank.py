"""A bank's SFTP server on loopback: asyncssh in a folder that it cannot leave, with the troubles that servers have.

A test says what happens at which moment: `bank.at("rename", Trouble.hang_up)`; it happens once.
"""

import asyncio
import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from debit_service.core.settings import SftpDoor

USER = "fund"
SECONDS_MAX = 30


class Trouble:
    """What a server may be told to do at one of its moments, each as a function of the session that is there."""

    @staticmethod
    def hang_up(session: "Sftp") -> None:
        """The line is cut; what the client asked for is not done."""
        session.connection.abort()
        raise asyncssh.SFTPConnectionLost("cut")

    @staticmethod
    def full(_: "Sftp") -> None:
        """There is no room."""
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    @staticmethod
    def forbidden(_: "Sftp") -> None:
        """The rights do not suffice."""
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


@dataclass
class SftpBank:
    """Where the bank is, what it has, and what is to happen there."""

    folder: Path
    own_key: Path
    port: int = 0
    host_key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    more_host_keys: list[asyncssh.SSHKey] = field(default_factory=list)
    client_key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    password: str | None = None
    #: moment -> what happens there, the next time.
    troubles: dict[str, Callable[["Sftp"], object]] = field(default_factory=dict)
    #: The moment at which the line is cut, counted from 1.
    cut_at: int | None = None
    #: Every moment that came, in order.
    came: list[str] = field(default_factory=list)
    #: Every connection that a client has made.
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client_key.write_private_key(self.own_key)

    @property
    def host_key_line(self) -> str:
        return f"[127.0.0.1]:{self.port} {self.host_key.export_public_key().decode().strip()}"

    def door(self, **changes: object) -> SftpDoor:
        """The settings with which a fund reaches this bank."""
        settings = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": USER,
            "host_keys": [self.host_key_line],
            "key_file": self.own_key,
        }
        return SftpDoor.model_validate(settings | changes)

    def at(self, moment: str, trouble: Callable[["Sftp"], object]) -> None:
        """The next time that `moment` comes, this happens."""
        self.troubles[moment] = trouble

    def moment(self, name: str, session: "Sftp") -> None:
        self.came.append(name)
        if len(self.came) == self.cut_at:
            Trouble.hang_up(session)
        if trouble := self.troubles.pop(name, None):
            trouble(session)


class Sftp(asyncssh.SFTPServer):
    """A session of a client, which passes the bank's moments: before and after what it is asked for."""

    def __init__(self, bank: SftpBank, channel: "asyncssh.SSHServerChannel[bytes]") -> None:
        super().__init__(channel, chroot=os.fsencode(bank.folder))
        self.bank = bank

    def stat(self, path: bytes) -> os.stat_result:
        self.bank.moment("stat", self)
        return super().stat(path)  # type: ignore[return-value]

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        self.bank.moment("open", self)
        return super().open(path, pflags, attrs)

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        self.bank.moment("read", self)
        return super().read(file_obj, offset, size)  # type: ignore[return-value]

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        self.bank.moment("write", self)
        return super().write(file_obj, offset, data)  # type: ignore[return-value]

    def close(self, file_obj: object) -> None:
        super().close(file_obj)
        self.bank.moment("closed", self)

    def fsync(self, file_obj: object) -> None:
        self.bank.moment("fsync", self)
        super().fsync(file_obj)

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        self.bank.moment("rename", self)
        super().rename(oldpath, newpath)
        self.bank.moment("renamed", self)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        self.bank.moment("replace", self)
        super().posix_rename(oldpath, newpath)

    def remove(self, path: bytes) -> None:
        self.bank.moment("remove", self)
        super().remove(path)


class Gate(asyncssh.SSHServer):
    """Lets in one user with one key, and a password where the bank has set one."""

    def __init__(self, bank: SftpBank) -> None:
        self.bank = bank

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.bank.connections.append(conn)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USER and key.public_data == self.bank.client_key.public_data

    def password_auth_supported(self) -> bool:
        return self.bank.password is not None

    def validate_password(self, username: str, password: str) -> bool:
        return username == USER and password == self.bank.password


@contextmanager
def open_for_business(bank: SftpBank) -> Iterator[SftpBank]:
    """Run the server in a thread of its own until the test is over."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def begin() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            bank.port,
            server_factory=lambda: Gate(bank),
            server_host_keys=[bank.host_key, *bank.more_host_keys],
            sftp_factory=lambda channel: Sftp(bank, channel),
            allow_scp=False,
        )

    async def end(server: asyncssh.SSHAcceptor) -> None:
        server.close()
        await server.wait_closed()
        for connection in bank.connections:
            connection.abort()
            await connection.wait_closed()

    try:
        server = asyncio.run_coroutine_threadsafe(begin(), loop).result(SECONDS_MAX)
        bank.port = server.get_port()
        yield bank
        asyncio.run_coroutine_threadsafe(end(server), loop).result(SECONDS_MAX)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS_MAX)
        loop.close()
