from __future__ import annotations

from typing import IO, Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

# More than the largest file that any page takes, with room for the rest of its form.
MOST_BYTES = 30 * 1024 * 1024


class RefuseHuge(FileUploadHandler):
    """Stands first: what is larger than any page takes is refused before it is read, whoever sends it."""

    def handle_raw_input(
        self, input_data: IO[bytes], META: Any, content_length: int, boundary: str, encoding: str | None = None
    ) -> None:
        if content_length > MOST_BYTES:
            raise RequestDataTooBig(f"{content_length} bytes were sent, and no page takes more than {MOST_BYTES}.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
