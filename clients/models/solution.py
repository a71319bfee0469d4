from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clients.solution_words import folded
from engagement.staff.models import User

# What can be found by, each with the words that are looked through.
TEXTS = ("title", "helps_when", "say")


class SolutionQuerySet(models.QuerySet["Solution"]):
    def current(self) -> SolutionQuerySet:
        return self.filter(archived_at=None)

    def to_review(self, today: date) -> SolutionQuerySet:
        """Whose day to be looked at again has come."""
        return self.current().filter(review_by__lte=today)

    def answered_for_by(self, user: User) -> SolutionQuerySet:
        """Their own; a manager also answers for those whose owner works here no longer."""
        theirs = Q(owner=user)
        if user.is_manager:
            theirs |= Q(owner__is_active=False)
        return self.filter(theirs)

    def with_uses(self, user: User) -> SolutionQuerySet:
        """Counted where they were used, every time, so that no count can drift from what happened.

        A use for a client whom this person may not see is none: it would tell that somebody is there.
        """
        # Requests know of solutions, so this file can name them only here.
        from clients.models.request import OutsideRequest

        used = OutsideRequest.objects.visible_to(user).filter(solution=OuterRef("pk")).order_by()
        many = used.values("solution").annotate(many=Count("pk")).values("many")
        last = used.order_by("-asked_on").values("asked_on")[:1]
        return self.annotate(uses=Coalesce(Subquery(many), 0), last_used_on=Subquery(last))


class Solution(models.Model):
    """A common problem, and what we can say to it. Everybody here reads it; no client's name belongs in it."""

    title = models.CharField(_("title"), max_length=200)
    helps_when = models.TextField(_("when it helps"))
    say = models.TextField(_("what to say"))
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en")
    owner = models.ForeignKey(User, verbose_name=_("owner"), on_delete=models.PROTECT, related_name="solutions")
    review_by = models.DateField(_("review by"))
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    made_at = models.DateTimeField(editable=False)
    changed_at = models.DateTimeField(editable=False)
    # What is looked through: the texts without accents and capitals, written by save() and indexed by the migration.
    title_words = models.TextField(editable=False)
    helps_when_words = models.TextField(editable=False)
    words = models.TextField(editable=False)

    objects: ClassVar[models.Manager[Solution]] = SolutionQuerySet.as_manager()

    class Meta:
        verbose_name = _("solution")
        verbose_name_plural = _("solutions")
        ordering = ["title", "pk"]
        indexes = [
            # For the library, page by page.
            models.Index(
                name="clients_solutions_by_title", fields=["title_words", "id"], condition=Q(archived_at=None)
            ),
            # For to_review(), asked by My day.
            models.Index(name="clients_solutions_review", fields=["review_by"], condition=Q(archived_at=None)),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        self.title_words, self.helps_when_words = folded(self.title), folded(self.helps_when)
        self.words = " ".join(filter(None, [self.title_words, self.helps_when_words, folded(self.say)]))
        if update_fields is not None and set(TEXTS) & set(update_fields):
            update_fields = {*update_fields, "title_words", "helps_when_words", "words"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("clients:solution", args=[self.pk])

    def may_be_changed_by(self, user: User) -> bool:
        return user.is_manager or self.owner_id == user.pk

    def is_to_review(self, today: date) -> bool:
        return self.archived_at is None and self.review_by <= today
