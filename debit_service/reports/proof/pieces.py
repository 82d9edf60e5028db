"""Bytes as they stand in a file, found again by anybody who has the whole file: where they begin, how long they are, their hash.

Of a file that names other employers too, a pack holds such pieces and the hash of the whole. That the piece is in the file can be
checked by whoever is given the file: by the bank, the fund or a court. Without the whole file the hash alone shows nothing.
"""

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, BinaryIO, Final

_CHUNK_BYTES: Final = 1024 * 1024
_LINE: Final = re.compile(rb"<(?:[\w-]+:)?DrctDbtTxInf[\s>].*?</(?:[\w-]+:)?DrctDbtTxInf\s*>", re.DOTALL)
_DETAIL: Final = re.compile(rb"<(?:[\w-]+:)?(?:TxDtls|TxInfAndSts)[\s>]")
_BLOCK: Final = re.compile(rb"<(?:[\w-]+:)?PmtInf[\s>]")


def place_of(offset: int, content: bytes, member: int | None = None) -> dict[str, Any]:
    """Where a piece stands: its first byte counted from 0, its length, its hash; in which file of an archive, from 1."""
    place: dict[str, Any] = {"offset": offset, "bytes": len(content), "sha256": sha256(content).hexdigest()}
    return place | ({"file_of_archive": member} if member and member > 1 else {})


def own_part(content: bytes) -> bytes:
    """Of a booking or report of many debits: what stands before the first of them, because they name other employers."""
    found = _DETAIL.search(content)
    return content[: found.start()] if found else content


def sent_pieces(stream: BinaryIO, end_to_end_id: str) -> dict[str, tuple[int, bytes]]:
    """Of a pain.008: what stands before its first block, the head of the block, and the line with this reference.

    Each as (offset, bytes). None of them names anybody but the creditor and the one debtor. Empty when the line is not there.
    """
    wanted = b">" + end_to_end_id.encode() + b"<"
    head: tuple[int, bytes] | None = None
    block: tuple[int, bytes] | None = None
    for kind, offset, content in _parts(stream):
        if kind == "head":
            head = (offset, content)
        elif kind == "block":
            block = (offset, content)
        elif wanted in content and head and block:
            return {"head": head, "block": block, "line": (offset, content)}
    return {}


def _parts(stream: BinaryIO) -> Iterator[tuple[str, int, bytes]]:
    """What stands before the lines (the file's head, the blocks' heads), and the lines, with their offsets."""
    held, begins, kind = b"", 0, "head"
    while chunk := stream.read(_CHUNK_BYTES):
        held += chunk
        at = 0
        while found := _LINE.search(held, at):
            before = held[at : found.start()]
            if opens := _BLOCK.search(before):
                if kind == "head":
                    yield "head", begins + at, before[: opens.start()]
                    kind = "line"
                yield "block", begins + at + opens.start(), before[opens.start() :]
            yield "line", begins + found.start(), found[0]
            at = found.end()
        held, begins = held[at:], begins + at
