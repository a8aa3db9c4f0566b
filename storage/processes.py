"""Whether a process that executed runs is gone for certain, so that nobody has to wait for it."""

import os
import socket
import sys
import time
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_MARGIN: Final = 1.0


def here() -> str:
    """Return what is written down as a worker's host.

    On Linux it names the boot and the namespace of process ids, too: containers may share a host
    name, and a process id says something only to those who see the same processes.
    """
    host = socket.gethostname()
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{host} {boot} {(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return host


def can_tell() -> bool:
    """Tell whether `gone` can be asked about processes whose host is `here`."""
    return sys.platform == "linux" and " " in here()


def gone(pid: int, silence: float) -> bool:
    """Tell whether the process that gave its last sign of life `silence` seconds ago has ended.

    A process of that id that is younger than the silence is another one.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False  # it ends right now, or hides
    state, started = fields[0], int(fields[19]) / os.sysconf("SC_CLK_TCK")
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - started
    return state in {"Z", "X"} or age < silence - _MARGIN
