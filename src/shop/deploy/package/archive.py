"""A zip whose bytes depend on its files alone: sorted names, one time, one mode. And the way back."""

import hashlib
import os
import shutil
import zipfile
from pathlib import Path

__all__ = ["sha256", "unpack", "write"]

TIME = (1980, 1, 1, 0, 0, 0)  # the first that a zip can tell
MODE = 0o100644  # a plain file that everybody may read: Lambda runs under a user of its own


def write(folder: Path, archive: Path) -> None:
    """Pack everything below `folder`. `archive` is there whole, or as it was before."""
    files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
    draft = archive.with_suffix(".new")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        for name in sorted(files):
            about = zipfile.ZipInfo(name, TIME)
            about.external_attr, about.create_system = MODE << 16, 3  # as on Unix, wherever it is made
            about.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(about, files[name].read_bytes(), compresslevel=9)
    draft.replace(archive)


def sha256(file: Path) -> str:
    """The digest of a file, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def unpack(archive: Path, digest: str, below: Path) -> Path:
    """The content of an archive in a folder that is named for its digest; unpacked only when it is not there yet."""
    folder = below / f"{archive.stem}-{digest[:16]}"
    if folder.exists():
        return folder
    below.mkdir(parents=True, exist_ok=True)
    draft = below / f".{archive.stem}-{os.getpid()}"
    shutil.rmtree(draft, ignore_errors=True)
    with zipfile.ZipFile(archive) as content:
        content.extractall(draft)
    draft.replace(folder)
    return folder
