"""Typesets a document in a process of its own: the request on its input, the PDF on its output.

The threads of typst do not outlive a fork: a process that has used it once could not be forked into workers any more. What it
takes of memory for hundreds of pages goes with the process. Nothing of the data is read as markup; fonts come from packages.
"""

import json
import subprocess
import sys
from datetime import UTC, date, datetime, time
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from debit_service.core.errors import Unavailable

_SECONDS_MAX: Final = 120


def typeset(template: Path, data: dict[str, Any], *, dated: date, code: str, what: str) -> bytes:
    """The PDF that `template` makes of `data`, dated so that the same data give the same bytes.

    Raises Unavailable with `code`, which says that `what` ("the letters") could not be typeset.
    """
    request = {
        "template": str(template),
        "fonts": str(files("fontpkg_amiri") / "files"),
        "data": data,
        "timestamp": datetime.combine(dated, time(), UTC).isoformat(),
    }
    program = [sys.executable, "-m", __name__]
    done = subprocess.run(
        program, input=json.dumps(request).encode(), capture_output=True, check=False, timeout=_SECONDS_MAX
    )
    if done.returncode != 0:
        # What it says may repeat the data.
        raise Unavailable(code, f"{what[0].upper()}{what[1:]} could not be typeset (exit code {done.returncode}).")
    return done.stdout


def main() -> None:
    """Set the document of the request."""
    import typst

    request = json.load(sys.stdin)
    # Amiri, and for letters that it does not have the fonts that typst carries.
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[request["fonts"]])
    pdf = typst.compile(
        Path(request["template"]).read_bytes(),
        format="pdf",
        font_paths=fonts,
        sys_inputs={"data": json.dumps(request["data"])},
        timestamp=datetime.fromisoformat(request["timestamp"]),
    )
    sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    main()
