"""Nobody fills the disk by sending more than any page takes."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from engagement.staff.uploads import MOST_BYTES


@pytest.mark.parametrize(("size", "status"), [(MOST_BYTES // 4, 200), (MOST_BYTES + 1, 400)])
def test_what_is_larger_than_any_page_takes_is_refused(client, firm, size, status):
    file = SimpleUploadedFile("large.pdf", b"%PDF-" + b"0" * size, "application/pdf")

    assert client.post("/verify/", {"file": file}).status_code == status
