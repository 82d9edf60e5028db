"""Typesets letters in a process of its own, which the package starts: a request on its input, the PDF on its output.

The threads of typst do not outlive a fork: a process that has used it once could not be forked into workers any more. What it
takes of memory for two hundred pages goes with the process.
"""

import json
import sys
from datetime import datetime
from pathlib import Path

import typst


def main() -> None:
    """Set the letters of the request."""
    request = json.load(sys.stdin)
    # Amiri, and for letters that it does not have the fonts that typst carries.
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[request["fonts"]])
    pdf = typst.compile(
        Path(__file__).with_name("letter.typ").read_bytes(),
        format="pdf",
        font_paths=fonts,
        sys_inputs={"data": json.dumps(request["data"])},
        timestamp=datetime.fromisoformat(request["timestamp"]),
    )
    sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    main()
