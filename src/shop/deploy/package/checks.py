"""What must be true of a zip before anybody deploys it."""

import struct
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from shop.contracts.topology import SERVICES

__all__ = ["LARGEST", "MACHINES", "faults"]

LARGEST = 15_000_000  # bytes of a zip: what a cold start has to load
MACHINES = {"aarch64": 183, "arm64": 183, "x86_64": 62}  # ELF's e_machine
ELSEWHERE = ("console", "local", "cli.py", "deploy", "edge", *SERVICES)  # parts of `shop` that are not shared
SHOWN = 8


def faults(archive: Path, service: str, machine: str, places: Iterable[str]) -> list[str]:
    """What is wrong with the zip of a service for this kind of machine; nothing, if all is well.

    `places` are folders of this machine, which nothing in a zip may name.
    """
    with zipfile.ZipFile(archive) as content:
        found = [*too_large(archive, content), *foreign(content, service)]
        for member in content.infolist():
            data = content.read(member)
            found += [f"{member.filename} names {place}" for place in places if place.encode() in data]
            if data.startswith(b"\x7fELF") and machine_of(data) != MACHINES.get(machine):
                found.append(f"{member.filename} is not for {machine}")
    return found


def too_large(archive: Path, content: zipfile.ZipFile) -> Iterator[str]:
    """A zip over the limit, with what it consists of."""
    size = archive.stat().st_size
    if size > LARGEST:
        heaviest = sorted(content.infolist(), key=lambda member: member.compress_size, reverse=True)[:SHOWN]
        listed = ", ".join(f"{member.filename} {member.compress_size:,}" for member in heaviest)
        yield f"{size:,} bytes, over {LARGEST:,}; the largest: {listed}"


def foreign(content: zipfile.ZipFile, service: str) -> Iterator[str]:
    """Files that belong to another part of the shop, and caches that nobody compiled on purpose."""
    for name in content.namelist():
        parts = name.split("/")
        if parts[0] == "shop" and len(parts) > 1 and parts[1] in ELSEWHERE and parts[1] != service:
            yield f"{name} is not of {service}"


def machine_of(data: bytes) -> int:
    """For which kind of machine a binary is."""
    order = "<" if data[5] == 1 else ">"
    machine: int = struct.unpack_from(f"{order}H", data, 18)[0]
    return machine
