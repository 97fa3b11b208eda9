"""The tests' folders lie in memory where there is room: on a disk they wait for it a hundred thousand times."""

import os
import shutil
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 4 << 30  # bytes; a whole run needs a quarter of it
LIMITS = [Path("/sys/fs/cgroup") / name for name in ("memory.max", "memory/memory.limit_in_bytes")]  # a container's
NAMED = "PYTEST_DEBUG_TEMPROOT"  # pytest's own variable for where its temporary folders lie


def pytest_configure() -> None:
    """Before the first folder is made."""
    if NAMED not in os.environ and has_room(MEMORY):
        os.environ[NAMED] = str(MEMORY)


def has_room(folder: Path) -> bool:
    """Whether a folder can be written, has programs run from it, and is a memory that has room to spare."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        available = next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable"))
        for limit in LIMITS:
            if limit.exists() and (most := limit.read_text(encoding="ascii").strip()).isdecimal():
                available = min(available, int(most))
        return (
            os.access(folder, os.W_OK)
            and not os.statvfs(folder).f_flag & os.ST_NOEXEC
            and min(available / 2, shutil.disk_usage(folder).free) > ROOM
        )
    except (OSError, StopIteration):
        return False
