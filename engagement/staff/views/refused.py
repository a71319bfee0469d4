from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation

from engagement.staff.models import Firm


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form came without its cookie, or from elsewhere. A stranger may be a client: in their browser's language."""
    known = request.user.is_authenticated
    language = translation.get_language() if known else translation.get_language_from_request(request)
    with translation.override(language):
        return HttpResponse(render_to_string("403_csrf.html", {"firm": Firm.get()}), status=403)
