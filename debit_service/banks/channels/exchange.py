"""What an exchange folder promises, however it is reached: mounted here, or over SFTP.

Ours go to the bank by rename, so that it never sees half a file. Under one name it gets one file: the same bytes again change
nothing, other bytes are refused. Of the bank's files we take what is finished, and of a size that we can hold.
"""

from debit_service.core.errors import Unavailable

#: Where a file of ours may lie: where we put it, and where banks put what they have read.
PLACES = ("", "processed", "failed")
#: A statement of a million entries has 1 GB.
FILE_BYTES_MAX = 2 * 2**30


def is_finished(name: str) -> bool:
    """Hidden and `.tmp` files are still being written."""
    return not name.startswith(".") and not name.endswith(".tmp")


def name_taken(name: str) -> Unavailable:
    """Our bytes are not there, and must not replace those that are."""
    return Unavailable(
        "bank.name_taken",
        "The bank has a file of this name with other bytes; it was not replaced.",
        place=name,
        remedy="Ask the bank whose file that is, and have it taken away.",
    )


def too_large(names: list[str]) -> Unavailable:
    """Said when everything else has been fetched: one file must not hold up the others."""
    return Unavailable(
        "bank.file_too_large",
        f"{len(names)} file(s) of the bank were left alone: larger than {FILE_BYTES_MAX} bytes.",
        place=names[0],
        remedy="Ask the bank to split its files.",
    )
