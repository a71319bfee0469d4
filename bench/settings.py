"""The product's settings, with a page that does nothing but know who signed in, and mails that go to a file."""

from engagement.settings import *  # noqa: F403  the product, as it is
from engagement.settings import VAR_DIR

ROOT_URLCONF = "bench.urls"
DELIVERY_BACKEND = "bench.recorder.Recorder"
RECORDED = VAR_DIR / "recorded.jsonl"
