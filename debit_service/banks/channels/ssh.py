"""An SFTP session with a bank's server: the host key is the pinned one, we show ours, nothing waits for ever.

Nothing of this machine's own SSH set-up is used (no agent, no known_hosts, no configuration): who the bank is and who we are is
in the settings. What goes wrong before a session stands is `Unavailable`: the bank has nothing.
"""

import base64
import binascii
import logging
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from threading import Timer

import paramiko
from paramiko.sftp import CMD_EXTENDED, CMD_INIT, CMD_VERSION, SFTP_EOF, SFTP_NO_SUCH_FILE, SFTP_OK
from pydantic import SecretStr

from debit_service.core.errors import InvalidInput, Unavailable
from debit_service.core.settings import SftpDoor

CONNECT_SECONDS_MAX = 5
#: Key exchange, signing in and starting SFTP, together.
OPEN_SECONDS_MAX = 30
#: One answer of the server.
ANSWER_SECONDS_MAX = 60
KEEPALIVE_SECONDS = 15
#: One visit looks at no more of a folder.
LISTED_MAX = 10_000
#: What every server takes in one request.
_CHUNK_BYTES = 32_768
_PROTOCOL_VERSION = 3
_FINGERPRINT = "SHA256:"
_FSYNC, _POSIX_RENAME = b"fsync@openssh.com", b"posix-rename@openssh.com"

#: What paramiko raises over a line that is dead, too slow, or full of nonsense.
LINE_TROUBLE = (paramiko.SSHException, paramiko.SFTPError, EOFError, OSError, ValueError, struct.error)

# paramiko writes tracebacks of broken lines to the terminal when nobody listens; what they mean is in the errors raised here.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class Answer(Exception):
    """The server itself said no. A dead line is never this: only an answer is certain."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{text[:200]!r} (status {code})")
        self.absent = code == SFTP_NO_SUCH_FILE


@dataclass(frozen=True, slots=True)
class Pin:
    """A host key that is the bank's: the fingerprint, and its algorithm where the pin names one."""

    fingerprint: str
    algorithm: str | None

    @classmethod
    def parse(cls, text: str) -> "Pin":
        """Read a line of known_hosts, a public key, or a fingerprint as `ssh-keygen -l` prints it. Raises InvalidInput."""
        algorithm: str | None = None
        # A line with a marker (@revoked, @cert-authority) names no key that a server may show.
        for word in [] if text.lstrip().startswith("@") else text.split():
            if word.startswith(_FINGERPRINT) and _is_digest(word.removeprefix(_FINGERPRINT)):
                return cls(word, algorithm)
            if algorithm and (blob := _key_blob(word, algorithm)):
                digest = base64.b64encode(sha256(blob).digest()).decode().rstrip("=")
                return cls(_FINGERPRINT + digest, algorithm)
            algorithm = word if word.startswith(("ssh-", "ecdsa-sha2-")) else algorithm
        raise InvalidInput(
            "bank.sftp_host_key",
            "A pinned host key is neither a line of known_hosts nor a SHA256 fingerprint.",
            place="bank_sftp.host_keys",
            remedy="Write `ssh-ed25519 AAAA...` or `SHA256:...`, as the bank confirmed it.",
        )

    def allows(self, algorithm: str) -> bool:
        """Whether a key of this algorithm may be the pinned one; an RSA key signs with several."""
        if self.algorithm == "ssh-rsa":
            return algorithm.startswith("rsa-sha2-")
        return self.algorithm in (None, algorithm)


def _is_digest(text: str) -> bool:
    with suppress(binascii.Error):
        return len(base64.b64decode(text + "=", validate=True)) == sha256().digest_size
    return False


def _key_blob(text: str, algorithm: str) -> bytes | None:
    """The bytes of a public key, which begin with its algorithm's name."""
    with suppress(binascii.Error):
        blob = base64.b64decode(text, validate=True)
        if blob[4:].startswith(algorithm.encode()):
            return blob
    return None


class _Client(paramiko.SFTPClient):
    """paramiko's client, with what it drops: the server's own status codes, and the list of what the server can do."""

    extensions: frozenset[bytes] = frozenset()

    def _send_version(self) -> int:
        self._send_packet(CMD_INIT, paramiko.Message().add_int(_PROTOCOL_VERSION))  # type: ignore[attr-defined]
        kind, data = self._read_packet()  # type: ignore[attr-defined]
        if kind != CMD_VERSION:
            raise paramiko.SFTPError("no SFTP server")
        answer = paramiko.Message(data)
        version = answer.get_int()
        names = set()
        while answer.get_remainder():
            names.add(answer.get_binary())
            answer.get_binary()
        self.extensions = frozenset(names)
        return version

    def _convert_status(self, answer: paramiko.Message) -> None:
        code = answer.get_int()
        if code == SFTP_EOF:
            raise EOFError
        if code != SFTP_OK:
            raise Answer(code, answer.get_text())

    def fsync(self, file: paramiko.SFTPFile) -> None:
        self._request(CMD_EXTENDED, _FSYNC, file.handle)  # type: ignore[attr-defined]


class Session:
    """What a channel does at the bank's server. Everything raises Answer when the server says no, else LINE_TROUBLE."""

    def __init__(self, client: _Client) -> None:
        self._client = client

    def size(self, path: str) -> int | None:
        """The size of a file; None when nothing is there."""
        try:
            return self._client.stat(path).st_size or 0
        except Answer as answer:
            if answer.absent:
                return None
            raise

    def write(self, path: str, content: bytes) -> None:
        """Make a new file, on disk before this returns where the server can promise that."""
        with self._client.open(path, "wx") as file:
            # Each chunk waits for its answer: paramiko's pipelining drops the last answers, and with them a full disk.
            for start in range(0, len(content), _CHUNK_BYTES):
                file.write(content[start : start + _CHUNK_BYTES])
            if _FSYNC in self._client.extensions:
                self._client.fsync(file)

    def read(self, path: str, size: int) -> bytes:
        """The first `size` bytes, or as many as there are."""
        parts, missing = [], size
        with self._client.open(path, "r") as file:
            while missing and (part := file.read(min(missing, _CHUNK_BYTES))):
                parts.append(part)
                missing -= len(part)
        return b"".join(parts)

    def rename(self, path: str, to: str) -> None:
        """Give a file its name; a server that keeps to the protocol refuses a name that is taken."""
        self._client.rename(path, to)

    def replace(self, path: str, to: str) -> None:
        """Move a file to where an older one of its name may lie."""
        if _POSIX_RENAME in self._client.extensions:
            self._client.posix_rename(path, to)
            return
        if self.size(to) is not None:
            self._client.remove(to)
        self._client.rename(path, to)

    def remove(self, path: str) -> None:
        """Delete a file."""
        self._client.remove(path)

    def make_folder(self, path: str) -> None:
        """Make a folder unless it is there."""
        if self.size(path) is None:
            self._client.mkdir(path)

    def listed(self, folder: str) -> list[paramiko.SFTPAttributes]:
        """What lies in a folder."""
        return list(islice(self._client.listdir_iter(folder), LISTED_MAX))

    def look(self, path: str) -> tuple[int | None, int | None]:
        """What changes when somebody writes to a file: its size and the moment."""
        seen = self._client.stat(path)
        return seen.st_size, seen.st_mtime


@contextmanager
def open_session(door: SftpDoor, pins: tuple[Pin, ...]) -> Iterator[Session]:
    """Connect, make sure of the server, sign in. Raises Unavailable."""
    own_key, password = _own_key(door), _secret(door.password, door.password_file)
    try:
        line = socket.create_connection((door.host, door.port), CONNECT_SECONDS_MAX)
        # Every request waits for its answer: held back to be sent together with the next one, each would cost 40 ms more.
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        raise _unreachable(error) from None
    transport = paramiko.Transport(line)
    # paramiko waits without end for some answers; closing the line under it ends that.
    patience = Timer(OPEN_SECONDS_MAX, transport.close)
    patience.start()
    try:
        session = _session(transport, door, pins, own_key, password)
        patience.cancel()
        yield session
    finally:
        patience.cancel()
        transport.close()


def _session(
    transport: paramiko.Transport,
    door: SftpDoor,
    pins: tuple[Pin, ...],
    own_key: paramiko.PKey | None,
    password: str | None,
) -> Session:
    try:
        options = transport.get_security_options()
        # A server with several keys is to show the pinned one; a server without it shows another, which is then refused by name.
        options.key_types = sorted(options.key_types, key=lambda one: not any(pin.allows(one) for pin in pins))
        transport.start_client(timeout=OPEN_SECONDS_MAX)
        _make_sure_of(transport.get_remote_server_key(), door, pins)
        _sign_in(transport, door.user, own_key, password)
        transport.set_keepalive(KEEPALIVE_SECONDS)
        channel = transport.open_session(timeout=OPEN_SECONDS_MAX)
        channel.settimeout(ANSWER_SECONDS_MAX)
        channel.invoke_subsystem("sftp")
        return Session(_Client(channel))
    except paramiko.AuthenticationException as error:
        if not transport.is_active():
            raise _unreachable(error) from None
        raise Unavailable(
            "bank.sftp_refused",
            f"The bank's server did not let us in ({type(error).__name__}).",
            place=f"{door.host}:{door.port}",
            remedy="Compare user and key with what the bank has on file for us.",
        ) from None
    except LINE_TROUBLE as error:
        raise _unreachable(error) from None


def _make_sure_of(key: paramiko.PKey, door: SftpDoor, pins: tuple[Pin, ...]) -> None:
    if key.fingerprint not in {pin.fingerprint for pin in pins}:
        raise Unavailable(
            "bank.sftp_host_key",
            f"The server shows a host key that is not the pinned one: {key.get_name()} {key.fingerprint}.",
            place=f"{door.host}:{door.port}",
            remedy="It may be somebody else. Have the bank confirm its key another way before it is added to host_keys.",
        )


def _sign_in(transport: paramiko.Transport, user: str, own_key: paramiko.PKey | None, password: str | None) -> None:
    """By key; by password where one is configured, also as the second step that some banks want after the key."""
    wanted = transport.auth_publickey(user, own_key) if own_key else ["password"]
    if wanted and password is not None:
        wanted = transport.auth_password(user, password, fallback=False)
    if wanted:
        raise paramiko.AuthenticationException


def _own_key(door: SftpDoor) -> paramiko.PKey | None:
    if door.key_file is None:
        return None
    passphrase = _secret(door.passphrase, door.passphrase_file)
    try:
        # The library hands the passphrase on to one that takes bytes only.
        return paramiko.PKey.from_path(door.key_file, passphrase.encode() if passphrase else None)  # type: ignore[arg-type]
    except (OSError, ValueError, TypeError, paramiko.SSHException) as error:
        raise _unusable(door.key_file, error) from None


def _secret(value: SecretStr | None, file: Path | None) -> str | None:
    if value is not None or file is None:
        return value.get_secret_value() if value else None
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise _unusable(file, error) from None


def _unusable(file: Path, error: Exception) -> Unavailable:
    # The library's own words may quote what it read.
    return Unavailable(
        "bank.sftp_own_key",
        f"Our key for the bank's server cannot be used ({type(error).__name__}).",
        place=str(file),
        remedy="Is the file there and readable for the service, and the passphrase the right one?",
    )


def _unreachable(error: Exception) -> Unavailable:
    return Unavailable(
        "bank.unreachable", f"The bank cannot be reached ({type(error).__name__}).", remedy="It is tried again."
    )
