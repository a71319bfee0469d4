"""The product's Celery worker, which knows one task more: `celery -A bench.worker worker`."""

from engagement.celery import app


@app.task(name="bench.nothing")  # type: ignore[untyped-decorator]  # Celery is not typed
def nothing() -> None:
    pass
