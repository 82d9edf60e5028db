"""Whether the files of a lane may count: what `benchmarks.checks` holds of each, and that together they are what is due."""

import re
from pathlib import Path

from benchmarks.checks import Wrong, check_written
from benchmarks.contests import LARGE

_HEAD_BYTES = 4_096
_TOTALS = re.compile(rb"<NbOfTxs>(\d+)</NbOfTxs>\s*<CtrlSum>(\d+)\.(\d\d)</CtrlSum>")
_REFERENCE = re.compile(rb"<EndToEndId>([^<]+)</EndToEndId>")


def check_files(folder: Path, size: int, sum_minor: int) -> str:
    """Hold the pain.008.001.08 in `folder` against what is due, and say what was looked at. Raises Wrong.

    The first file must be valid by its schema, the others well-formed; so must a file that is too large to be validated in
    seconds.
    """
    files, looked = sorted(folder.glob("*.xml")), ""
    count, total, references = 0, 0, set[bytes]()
    for number, file in enumerate(files):
        content = file.read_bytes()
        header = _TOTALS.search(content, 0, _HEAD_BYTES)
        if header is None:
            raise Wrong(f"{file.name}: there is no GrpHdr with NbOfTxs and CtrlSum")
        said, sum_said = int(header[1]), int(header[2] + header[3])
        told = check_written(file, said, sum_said, by_schema=number == 0 and said <= LARGE)
        looked, count, total = looked or told, count + said, total + sum_said
        references.update(match[1] for match in _REFERENCE.finditer(content))
    if (count, total, len(references)) != (size, sum_minor, size):
        raise Wrong(
            f"{len(files)} files hold {count} collections of {total} with {len(references)} references,"
            f" and not {size} of {sum_minor} with as many references"
        )
    return f"{len(files)} file{'s' if len(files) > 1 else ''}: {looked}"
