"""The garbage collector of a process that may hold many rows."""

import gc


def spare_the_collector() -> None:
    """Have the garbage collector look for cycles less often; for the start of a process that may hold many rows.

    Rows make no cycles: looking through tens of thousands of them again and again took a quarter of the time of a run
    (docs/benchmarks.md). What is freed by counting references, which is nearly everything, is freed as before.
    """
    gc.freeze()
    gc.set_threshold(100_000, 10, 5)
