from __future__ import annotations

from django.db.models import Case, ExpressionWrapper, F, FloatField, Value, When
from django.db.models.functions import Cast, Coalesce

from promises.models.update import Standing

# What is left of an open promise, in SQL; null where nobody has said. `promises.weighing` says the same of one row.
# In floating point: SQLite divides whole numbers without their rest.
HOURS_LEFT = Case(
    When(standing=Standing.DONE, then=Value(0.0)),
    When(per_cent=100, then=Value(0.0)),
    When(hours_left__isnull=False, then=Cast("hours_left", FloatField())),
    default=ExpressionWrapper(
        Cast("estimate_hours", FloatField()) * (Value(100.0) - Coalesce(F("per_cent"), 0)) / Value(100.0),
        output_field=FloatField(),
    ),
    output_field=FloatField(),
)
