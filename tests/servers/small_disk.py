"""A disk of its own for a database's tables, that can be full and have room again."""

import os
import subprocess
from pathlib import Path, PurePosixPath
from typing import Final

ROOM: Final = "2G"
STEP_KIB: Final = 64


class SmallDisk:
    """A tmpfs on a folder: memory, taken only as far as it is filled."""

    def __init__(self, folder: Path, inside: PurePosixPath, owner: tuple[int, int]) -> None:
        self._folder = folder
        self.inside = inside
        uid, gid = owner
        options = f"size={ROOM},uid={uid},gid={gid},mode=0700"
        _run("mount", "-t", "tmpfs", "-o", options, "fleetgauge", str(folder))

    def fill(self) -> None:
        """Leave no room: it becomes as small as what is on it."""
        # A file that fills it would take the memory. It refuses to be smaller than its content.
        for spare_kib in range(0, 4096, STEP_KIB):
            if self._resized(f"{self._used() // 1024 + spare_kib}k"):
                return
        raise RuntimeError("the disk grows faster than it can be made small")

    def free(self) -> None:
        """Give it room again."""
        if not self._resized(ROOM):
            raise RuntimeError("the disk cannot be made larger")

    def close(self) -> None:
        """Take it away, with what is on it."""
        _run("umount", "--lazy", str(self._folder))

    def _used(self) -> int:
        state = os.statvfs(self._folder)
        return (state.f_blocks - state.f_bfree) * state.f_frsize

    def _resized(self, size: str) -> bool:
        command = ["mount", "-o", f"remount,size={size}", str(self._folder)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
