"""A command in a shell's pipe: `debit … | head` ends as other programs do."""

import os
import subprocess
import sys


def test_a_command_whose_reader_has_gone_ends_quietly() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [sys.executable, "-m", "debit_service", "funds", "list"], stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)

    assert (ended.stderr, ended.returncode) == (b"", 1)
