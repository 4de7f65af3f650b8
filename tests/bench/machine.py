"""What a figure was measured on, and how it is printed."""

import os
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path

__all__ = ["machine", "report", "summed_pss_mb"]


def machine() -> str:
    """Processor, cores, memory, kernel, Python: the line above every table."""
    info = Path("/proc/cpuinfo")
    models = [line for line in info.read_text().splitlines() if "model name" in line] if info.exists() else []
    model = models[0].split(":", 1)[1].strip() if models else platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system, python = f"{platform.system()} {platform.release()}", platform.python_version()
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, {system}, Python {python}"


def report(name: str, values: Sequence[float], unit: str, limit: float, goal: float | None = None) -> bool:
    """Print one figure with its spread beside what was promised; whether the median keeps the promise."""
    median = statistics.median(values)
    kept = median <= limit
    aim = "" if goal is None else f", goal {goal:g}"
    spread = f"min {min(values):.4g} max {max(values):.4g}, n={len(values)}"
    print(f"{name:<44} {median:>9.4g} {unit:<4} ({spread}; limit {limit:g}{aim}) {'ok' if kept else 'OVER'}")
    return kept


def summed_pss_mb(pids: Sequence[int]) -> float:
    """Proportional set size of these processes together, in MB (Linux)."""
    total = 0
    for pid in pids:
        rollup = Path(f"/proc/{pid}/smaps_rollup")
        try:
            lines = rollup.read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024
