"""A bank's SFTP server: an exchange folder that is reached over SSH.

The rename is the moment of truth. Before it is asked for, the bank has nothing, whatever breaks; a line that breaks from then on
leaves the outcome unknown. The plain rename of the protocol is used because it refuses a name that is taken; that of OpenSSH's
extension would replace what is there.
"""

import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import paramiko

from debit_service.banks.channels import LeftFile, OutcomeUnknown
from debit_service.banks.channels.exchange import FILE_BYTES_MAX, PLACES, is_finished, name_taken, too_large
from debit_service.banks.channels.ssh import LINE_TROUBLE, LISTED_MAX, Answer, Pin, Session, open_session
from debit_service.core.errors import Unavailable
from debit_service.core.settings import SftpDoor


class SftpChannel:
    """Ours go to the door's `in_folder`, the bank's come from its `out_folder`; the same promises as a folder's.

    One connection an operation; while `waiting` hands out files, `taken` uses the same.
    """

    def __init__(self, door: SftpDoor, *, keeps_read_files: bool = False) -> None:
        self._door = door
        self._pins = tuple(Pin.parse(one) for one in door.host_keys)
        self._keeps_read_files = keeps_read_files
        self._to_bank, self._from_bank = door.in_folder.rstrip("/"), door.out_folder.rstrip("/")
        self._visiting: Session | None = None

    def send(self, name: str, content: bytes) -> None:
        """Upload beside, check, rename; unless the same file is there already."""
        with self._session() as session:
            with _nothing_sent():
                if session.size(self._to_bank) is None:
                    raise _folder_missing(self._to_bank)
                if self._is_there(session, name, content):
                    return
            beside = self._upload(session, name, content)
            self._rename(session, beside, name, content)

    def _is_there(self, session: Session, name: str, content: bytes) -> bool:
        for path in self._places(name):
            size = session.size(path)
            if size is None:
                continue
            # What bears this name may be ours: until it has been compared, nobody can say that the bank has nothing.
            with _perhaps_sent():
                same = size == len(content) and session.read(path, size) == content
            if same:
                return True
            raise name_taken(name)
        return False

    def _upload(self, session: Session, name: str, content: bytes) -> str:
        # A name of its own for each try: what an older try left under way cannot meddle with this one.
        beside = f"{self._to_bank}/.{name}.{secrets.token_hex(4)}.tmp"
        try:
            with _nothing_sent():
                session.write(beside, content)
                _check_kept(session.size(beside), len(content))
        except Unavailable:
            _forget(session, beside)
            raise
        return beside

    def _rename(self, session: Session, beside: str, name: str, content: bytes) -> None:
        with _perhaps_sent():
            try:
                session.rename(beside, f"{self._to_bank}/{name}")
            except Answer as answer:
                refusal = answer
            else:
                return
            # A server that links and then unlinks may say no after the first half; and an older try may have arrived late.
            try:
                arrived = self._is_there(session, name, content)
            finally:
                _forget(session, beside)
        if not arrived:
            raise _refused(refusal)

    def has(self, name: str, end_to_end_id: str) -> bool | None:  # noqa: ARG002 - a folder knows files, not collections
        """As FolderChannel.has; None, too, when the server cannot be asked or does not let us look."""
        try:
            with self._session() as session:
                if session.size(self._to_bank) is None:
                    return None
                if any(session.size(path) is not None for path in self._places(name)):
                    return True
        except (Unavailable, Answer, *LINE_TROUBLE):
            return None
        return False if self._keeps_read_files else None

    def _places(self, name: str) -> list[str]:
        return ["/".join(filter(None, (self._to_bank, place, name))) for place in PLACES]

    def waiting(self) -> Iterator[LeftFile]:
        """Every finished file in `out_folder`, oldest first."""
        with self._session() as session, self._visit(session):
            with _nothing_sent():
                found = session.listed(self._from_bank)
            listed = [one for one in found if _is_for_us(one)]
            held = [one for one in listed if (one.st_size or 0) <= FILE_BYTES_MAX]
            for one in sorted(held, key=lambda one: (one.st_mtime or 0, one.filename)):
                with _nothing_sent():
                    content = self._whole(session, one)
                if content is not None:
                    yield LeftFile(one.filename, content)
            if refused := [one.filename for one in listed if one not in held]:
                raise too_large(refused)
            if len(found) == LISTED_MAX:
                raise _too_full(self._from_bank)

    def _whole(self, session: Session, one: paramiko.SFTPAttributes) -> bytes | None:
        """The content; None while it is still growing, or when another process was quicker."""
        path = f"{self._from_bank}/{one.filename}"
        size = one.st_size or 0
        try:
            content = session.read(path, size)
            unchanged = session.look(path) == (one.st_size, one.st_mtime)
        except Answer as answer:
            if answer.absent:
                return None
            raise
        return content if unchanged and len(content) == size else None

    def taken(self, name: str) -> None:
        """Do with it what was agreed with the bank: move it aside, delete it, or leave it."""
        if self._door.fetched == "leave":
            return
        path, kept = f"{self._from_bank}/{name}", f"{self._from_bank}/taken"
        with self._session() as session, _nothing_sent():
            if session.size(path) is None:
                return
            if self._door.fetched == "delete":
                session.remove(path)
            else:
                session.make_folder(kept)
                session.replace(path, f"{kept}/{name}")

    @contextmanager
    def _session(self) -> Iterator[Session]:
        if self._visiting:
            yield self._visiting
            return
        with open_session(self._door, self._pins) as session:
            yield session

    @contextmanager
    def _visit(self, session: Session) -> Iterator[None]:
        self._visiting = session
        try:
            yield
        finally:
            self._visiting = None


def _is_for_us(one: paramiko.SFTPAttributes) -> bool:
    """A plain file that is finished; a server that tells no kind is believed, one that tells a path is not."""
    plain = one.st_mode is None or stat.S_ISREG(one.st_mode)
    return plain and is_finished(one.filename) and "/" not in one.filename


def _forget(session: Session, path: str) -> None:
    """Take away what was not used; over a dead line it stays, under a name that nobody reads."""
    with suppress(Answer, *LINE_TROUBLE):
        session.remove(path)


def _check_kept(kept: int | None, sent: int) -> None:
    if kept != sent:
        raise Unavailable("bank.folder_write", f"The bank's server kept {kept} of {sent} bytes.")


@contextmanager
def _nothing_sent() -> Iterator[None]:
    """Whatever goes wrong here, the bank has nothing new."""
    try:
        yield
    except Answer as answer:
        raise _refused(answer) from None
    except LINE_TROUBLE as error:
        raise Unavailable(
            "bank.broken_off", f"The line to the bank broke ({type(error).__name__}).", remedy="It is tried again."
        ) from None


@contextmanager
def _perhaps_sent() -> Iterator[None]:
    """Whatever goes wrong here, the bank may have the file."""
    try:
        yield
    except (Answer, *LINE_TROUBLE) as error:
        raise OutcomeUnknown(
            "bank.broken_off", f"The line to the bank broke when the file was to get its name ({type(error).__name__})."
        ) from None


def _refused(answer: Answer) -> Unavailable:
    return Unavailable(
        "bank.folder_broken", f"The bank's server said no: {answer}.", remedy="Ask the bank about rights and room."
    )


def _too_full(folder: str) -> Unavailable:
    """Said when what was seen has been fetched; where files are moved aside, the next visit sees the rest."""
    return Unavailable(
        "bank.folder_too_full",
        f"No more than {LISTED_MAX} files of the bank's folder were looked at.",
        place=folder,
        remedy="Fetch again; if it stays so, have the bank clear its folder.",
    )


def _folder_missing(folder: str) -> Unavailable:
    return Unavailable(
        "bank.folder_missing", "The exchange folder is not there.", place=folder, remedy="Ask the bank for its name."
    )
