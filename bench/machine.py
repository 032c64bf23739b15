"""What a benchmark ran on. Printed at its head, part of its JSON."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from tutela.model.record import Record


class Machine(Record, frozen=True, kw_only=True):
    """The machine, as far as figures depend on it.

    Attributes:
        cores: those that this process may use.
        memory_gb: of the whole machine.
        load: processes that wanted a core, on average over the last minute: other work disturbs.
    """

    processor: str
    cores: int
    memory_gb: float
    system: str
    python: str
    load: float

    def heading(self) -> str:
        """One line for people."""
        return (
            f"{self.processor}, {self.cores} cores, {self.memory_gb:.0f} GB, {self.system}, "
            f"Python {self.python}, load {self.load:.1f}"
        )


def describe() -> Machine:
    """Describe this machine."""
    return Machine(
        processor=_field("/proc/cpuinfo", "model name") or platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        memory_gb=round(int(_field("/proc/meminfo", "MemTotal").split()[0]) / 2**20, 1),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        load=round(os.getloadavg()[0], 2),
    )


def _field(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
