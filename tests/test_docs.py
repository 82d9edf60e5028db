"""What the documentation shows works: the Python of every page is run, every link inside it leads somewhere."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
PROGRAMS = {page.name: "\n".join(_BLOCK.findall(page.read_text(encoding="utf-8"))) for page in PAGES}


@pytest.mark.parametrize("program", [pytest.param(text, id=name) for name, text in PROGRAMS.items() if text])
def test_the_python_of_a_page_runs_from_top_to_bottom(
    program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(PROJECT)
    exec(compile(program, "documentation", "exec"), {})  # noqa: S102 - the project's own pages
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if not (page.parent / link).exists()]
    assert missing == []
