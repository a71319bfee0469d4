"""What the views of a promise share."""

from django.shortcuts import get_object_or_404

from engagement.staff.http import SignedInRequest
from promises.models import Promise


def promise_or_404(request: SignedInRequest, pk: int) -> Promise:
    """A promise this person may see, with whatever a page says of it; to a stranger it does not exist."""
    promises = Promise.objects.visible_to(request.user).select_related("client", "owner", "contact", "scope")
    return get_object_or_404(promises, pk=pk)
