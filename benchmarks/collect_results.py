"""Who collects, under which names, and how they are compared."""

from benchmarks.collect_lanes import ROW_BY_ROW_MAX
from benchmarks.contests import LARGE
from benchmarks.lines import Entrant, Ratio

PLAN, NOTIFY, BATCH, TOGETHER = "plan", "notify", "batch", "plan, notify, batch"
WRITE = "write alone"
OPENED, PLAIN, COPY = "cursor, AES-GCM, f-strings", "cursor, f-strings", "COPY of text"
SEPAXML, ROW_BY_ROW = "sepaxml 2.7.0, rows at hand", f"plan by ORM, {ROW_BY_ROW_MAX:,} rows"
OURS = (PLAN, NOTIFY, BATCH, TOGETHER, WRITE)
#: Those that end in files, and may be compared as such; and those that plan.
_FILES, _PLANS = {BATCH, TOGETHER, WRITE, OPENED, PLAIN, COPY, SEPAXML}, {PLAN, ROW_BY_ROW}
RATIOS = {
    "x floor": Ratio(OPENED, _FILES),
    "x COPY": Ratio(COPY, _FILES),
    "x sepaxml": Ratio(SEPAXML, _FILES),
    "x ORM": Ratio(ROW_BY_ROW, _PLANS),
}
GOAL_PER_S, GOAL_SIZE = 120_000, 1_000_000
SEPAXML_MAX = LARGE

#: Of their ends files are checked, in the folder where they are then.
FILES = "files"
#: The functions of `benchmarks.collect_lanes`. They work on contributions that are due, or on planned collections.
ENTRANTS = (
    Entrant("ours", {step: step for step in (PLAN, NOTIFY, BATCH)}, "due", True, TOGETHER, FILES),
    Entrant("write", {"write": WRITE}, "planned", check=FILES),
    Entrant("opened", {"write": OPENED}, "planned", check=FILES),
    Entrant("plain", {"write": PLAIN}, "planned", check=FILES),
    Entrant("copy", {"write": COPY}, "planned", check=FILES, postgresql_only=True),
    Entrant("row_by_row", {"plan": ROW_BY_ROW}, "due", changes=True),
)
