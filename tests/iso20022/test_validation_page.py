"""The page of findings is current, and names every code that a validation can give."""

import ast
import hashlib
import importlib.util
import io
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from debit_service.iso20022 import catalogue, schemas
from debit_service.iso20022.xml import _SYNTAX_CODES

HOME = Path(__file__).resolve().parents[2]
ROOM = HOME / "debit_service" / "iso20022"
# What a validation reads a file with: whatever these modules say of a file, it can say.
READERS = (
    "xml",
    "events",
    "flat",
    "control",
    "container",
    "entry",
    "camt",
    "pain002",
    "charset",
    "pain008/read",
    "unpack",
)
# Said of other things: of repairs, and by the check of a file just written.
ELSEWHERE = ("iso.repair.", "iso.pain008.")


def said(module: str) -> Iterator[str]:
    """The codes that stand in the calls of a module."""
    for call in ast.walk(ast.parse((ROOM / f"{module}.py").read_text("utf-8"))):
        if not isinstance(call, ast.Call) or not call.args or not isinstance(call.args[0], ast.Constant):
            continue
        first, name = call.args[0].value, getattr(call.func, "attr", getattr(call.func, "id", ""))
        if not isinstance(first, str):
            continue
        if name == "refuse":
            yield f"iso.xml.{first}"
        elif name == "_refuse":
            yield f"iso.zip.{first}"
        elif name == "find" and getattr(getattr(call.func, "value", None), "id", "") in {"tally", "self"}:
            yield f"iso.control.{first}"
        elif first.startswith("iso.") and not first.startswith(ELSEWHERE):
            yield first


def test_the_page_is_current() -> None:
    """Written by `python -m debit_service.iso20022.catalogue > docs/iso20022-findings.md`."""
    assert (HOME / "docs" / "iso20022-findings.md").read_text("utf-8") == catalogue.page()


def test_no_code_stands_there_twice() -> None:
    counts = Counter(rule.code for _, rules in catalogue.SECTIONS for rule in rules)
    assert counts.most_common(1)[0][1] == 1


def test_every_code_that_the_readers_say_stands_there() -> None:
    codes = {code for module in READERS for code in said(module)}
    assert len(codes) > 20
    assert codes | {f"iso.xml.{code}" for code in _SYNTAX_CODES.values()} <= catalogue.CODES


def test_every_rule_says_what_to_do() -> None:
    assert all(rule.message.endswith(".") and rule.remedy for _, rules in catalogue.SECTIONS for rule in rules)


class TestSchemaArchives:
    """Schemas that are in source archives only are unpacked from them, and nothing else is."""

    @pytest.fixture
    def tool(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
        spec = importlib.util.spec_from_file_location("schema_archives", HOME / "tools" / "schema_archives.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        archive = tmp_path / "made.tar.gz"
        monkeypatch.setattr(module, "_addresses", lambda *_: {"made": archive.as_uri()})
        monkeypatch.setattr(module.sysconfig, "get_path", lambda _: str(tmp_path / "installed"))
        monkeypatch.setitem(schemas.PINNED, "made", {"made.001": hashlib.sha256(b"<schema/>").hexdigest()})
        return module

    @staticmethod
    def archive(folder: Path, **files: bytes) -> Path:
        """An archive of these files, and the lock that names it."""
        out = folder / "made.tar.gz"
        with tarfile.open(out, "w:gz") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(f"made-1/deep/{name}.xsd")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        lock = folder / "made.lock"
        lock.write_text(f"made==1 \\\n    --hash=sha256:{hashlib.sha256(out.read_bytes()).hexdigest()}\n")
        return lock

    def test_what_is_pinned_is_unpacked(self, tool: ModuleType, tmp_path: Path) -> None:
        tool.main("uv", self.archive(tmp_path, **{"made.001": b"<schema/>", "made.002": b"<other/>"}))
        installed = sorted(path.name for path in (tmp_path / "installed").rglob("*.xsd"))
        assert installed == ["made.001.xsd"]

    def test_another_archive_than_the_locked_one_is_refused(self, tool: ModuleType, tmp_path: Path) -> None:
        lock = self.archive(tmp_path, **{"made.001": b"<schema/>"})
        locked = lock.read_text()
        self.archive(tmp_path, **{"made.001": b"<schema/>", "more": b""})
        lock.write_text(locked)
        with pytest.raises(SystemExit, match="not the one"):
            tool.main("uv", lock)
        assert not (tmp_path / "installed").exists()

    def test_an_archive_without_the_pinned_schema_is_refused(self, tool: ModuleType, tmp_path: Path) -> None:
        with pytest.raises(SystemExit, match=r"made\.001"):
            tool.main("uv", self.archive(tmp_path, **{"made.001": b"<altered/>"}))

    def test_every_archive_that_is_pinned_is_locked(self) -> None:
        locked = (HOME / "requirements-schemas.lock").read_text("utf-8")
        archives = [name for name, folder in schemas._FOLDERS.items() if folder.startswith(schemas.ARCHIVES)]
        assert archives
        assert all(f"{name}==" in locked for name in archives)
