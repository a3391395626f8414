"""Where the archive is: a folder, or a bucket of an S3-compatible store."""

import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

from pyarrow import ArrowException, fs

from models.errors import Invalid
from storage.archive.manifest import ArchivedFile
from storage.errors import StorageError


class ArchiveUnusable(StorageError, Invalid):
    """The archive cannot be read or written, or a file of it is not what was archived."""


class FileLost(ArchiveUnusable):
    """A file is missing, or is not what was archived; others may be whole."""


class Verified(NamedTuple):
    """A file as it was read back."""

    size: int
    """Bytes."""
    sha256: bytes


class Store:
    """The archive's files, by their path within it."""

    def __init__(self, place: str) -> None:
        """Take a folder, or ``s3://bucket/folder?endpoint_override=host:port``.

        Raises:
            ArchiveUnusable: it is neither.
        """
        try:
            if "://" in place:
                self._files, self._root = fs.FileSystem.from_uri(place)
            else:
                self._files, self._root = fs.LocalFileSystem(), str(Path(place).absolute())
        except (OSError, ArrowException, ValueError) as error:
            raise ArchiveUnusable(f"the archive {place}: {error}") from error
        self.place = place

    def write(self, path: str, write: Any) -> Verified:
        """Write a file by a function that takes a stream, whole or not at all; read it back.

        Raises:
            ArchiveUnusable: it cannot be written, or reads otherwise than it was written.
        """
        partial = f"{path}.partial"
        try:
            self._files.create_dir(self._full(path).rpartition("/")[0], recursive=True)
            with self._files.open_output_stream(self._full(partial)) as stream:
                write(stream)
            verified = _verified(self._read(partial))
            self._files.move(self._full(partial), self._full(path))
        except (OSError, ArrowException) as error:
            raise ArchiveUnusable(f"the archive {self.place}: {path}: {error}") from error
        return verified

    def read(self, file: ArchivedFile) -> bytes:
        """Return the content of a file, which is what was archived.

        Raises:
            FileLost: it is not there, or something else; the message names it.
            ArchiveUnusable: the archive cannot be reached, or it cannot be read.
        """
        try:
            content = self._read(file.path)
        except FileNotFoundError as error:
            raise FileLost(f"the archive {self.place}: {file.path} is missing") from error
        except (OSError, ArrowException) as error:
            raise ArchiveUnusable(f"the archive {self.place}: {file.path}: {error}") from error
        if _verified(content).sha256 != file.sha256:
            raise FileLost(
                f"the archive {self.place}: {file.path} is damaged: it is not what was archived "
                f"at {file.archived_at.isoformat(timespec='seconds')}"
            )
        return content

    def delete(self, folder: str, paths: Collection[str]) -> None:
        """Delete those of some files of a folder that are there.

        Raises:
            ArchiveUnusable: one of them cannot be deleted.
        """
        try:
            listed = fs.FileSelector(self._full(folder), allow_not_found=True)
            there = {found.path for found in self._files.get_file_info(listed)}
            for path in map(self._full, paths):
                if path in there:
                    self._files.delete_file(path)
        except (OSError, ArrowException) as error:
            raise ArchiveUnusable(f"the archive {self.place}: {folder}: {error}") from error

    def _read(self, path: str) -> bytes:
        with self._files.open_input_stream(self._full(path)) as stream:
            content: bytes = stream.read()
        return content

    def _full(self, path: str) -> str:
        return f"{self._root}/{path}"


def _verified(content: bytes) -> Verified:
    return Verified(len(content), hashlib.sha256(content).digest())
