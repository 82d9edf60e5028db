"""Whole: a file that is read to its end before anything is kept, and then again without being read twice, in bounded memory.

What is more than a chunk waits packed, and sealed like everything that banks write: in memory while that is little, then in a
file of the system's without a name, which is gone with the process. This process put it there, which is why it may be unpickled.
"""

import pickle
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Final

from debit_service.core.crypto import KeyRing
from debit_service.core.errors import Unavailable
from debit_service.iso20022.records import BankRecord, Container

Item = BankRecord | Container
#: An entry takes some 40 to 150 bytes: of fewer than about 100,000 nothing goes to the disk.
_IN_MEMORY_BYTES: Final = 8 * 1024 * 1024


class Whole(AbstractContextManager["Whole"]):
    """The items of one file, of which at most `held_max` are in memory at a time, until it is left."""

    def __init__(self, keys: KeyRing, held_max: int) -> None:
        self.containers: list[Container] = []
        self._keys, self._held_max = keys, held_max
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - closed when this is left
        self._sizes: list[int] = []
        self._last: list[Item] = []
        self._count = 0

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def entries(self) -> int:
        """How many entries the file has."""
        return self._count - len(self.containers)

    def read(self, items: Iterable[Item]) -> None:
        """Read to the end. Whatever `items` raises passes. Raises Unavailable `import.no_room` where the disk takes no more."""
        for item in items:
            if len(self._last) == self._held_max:
                self._put_away()
            self._last.append(item)
            self._count += 1
            if isinstance(item, Container):
                self.containers.append(item)

    def __iter__(self) -> Iterator[Item]:
        """All of it, in its order."""
        self._file.seek(0)
        for number, size in enumerate(self._sizes):
            packed = self._keys.open_bytes(self._file.read(size), _place(number))
            yield from pickle.loads(zlib.decompress(packed))  # noqa: S301 - see the module's first lines
        yield from self._last

    def _put_away(self) -> None:
        packed = zlib.compress(pickle.dumps(self._last, pickle.HIGHEST_PROTOCOL), level=1)
        try:
            self._sizes.append(self._file.write(self._keys.seal(packed, _place(len(self._sizes)))))
        except OSError as error:
            raise Unavailable(
                "import.no_room",
                f"What a large file says cannot wait in the temporary folder: {error.strerror or error}.",
                remedy="Make room there, or name another folder in TMPDIR; the next import reads the file.",
            ) from error
        self._last = []


def _place(number: int) -> str:
    return f"import.items:{number}"
