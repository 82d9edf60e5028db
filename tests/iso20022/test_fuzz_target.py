"""The fuzz target would notice: a fault is raised and its file kept, a search can be repeated, and nothing takes for ever."""

import importlib.util
import signal
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from iso_builders import one_entry
from second_parser import read

TARGET = Path(__file__).resolve().parents[1] / "fuzz" / "fuzz_bank_file.py"
SEED = b"<a>1.00</a>"


@pytest.fixture
def fuzz() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("fuzz_bank_file", TARGET)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def clock_signal(fuzz: ModuleType) -> Iterator[None]:
    """The handler that `main` installs."""
    before = signal.signal(signal.SIGPROF, fuzz._too_long)
    yield
    signal.signal(signal.SIGPROF, before)


def found_by(fuzz: ModuleType, folder: Path, *, seed: int, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The file at which a search stops, with a reader that does not bear the tenth changed file."""
    calls = count()

    def check(data: bytes) -> None:
        if next(calls) == 10:
            raise KeyError("planted")

    monkeypatch.setattr(fuzz, "check", check)
    with pytest.raises(KeyError):
        fuzz.search([SEED], 60, seed, folder)
    [kept] = folder.iterdir()
    return kept.read_bytes()


def test_what_is_not_borne_is_raised_kept_and_found_again(
    fuzz: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, other = (
        found_by(fuzz, tmp_path / name, seed=seed, monkeypatch=monkeypatch)
        for name, seed in (("first", 1), ("second", 1), ("other", 2))
    )
    assert first == second
    assert len({SEED, first, other}) == 3


@pytest.mark.usefixtures("clock_signal")
def test_a_file_that_takes_for_ever_is_not_borne(fuzz: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def check(data: bytes) -> None:
        while True:
            pass

    monkeypatch.setattr(fuzz, "check", check)
    monkeypatch.setattr(fuzz, "CPU_SECONDS", 0.01)
    with pytest.raises(fuzz.Unbearable):
        fuzz.bear(SEED)


def test_a_file_that_takes_too_much_memory_is_not_borne(fuzz: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    peaks = iter([1_000, 1_000 + fuzz.MEMORY_BYTES // 1024 + 1, 2_000_000, 2_000_000 + 1])
    usage = SimpleNamespace(getrusage=lambda _who: SimpleNamespace(ru_maxrss=next(peaks)), RUSAGE_SELF=0)
    monkeypatch.setattr(fuzz, "resource", usage)
    monkeypatch.setattr(fuzz, "check", bytes)
    with pytest.raises(fuzz.Unbearable):
        fuzz.bear(SEED)
    fuzz.bear(SEED)


def test_a_file_is_worth_keeping_if_it_passes_a_new_line_of_the_reader(fuzz: ModuleType) -> None:
    coverage = fuzz.Coverage()
    files = [SEED, SEED, one_entry().encode(), one_entry().encode()]
    assert [coverage.grows(partial(read, data)) for data in files] == [True, False, True, False]
