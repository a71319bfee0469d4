from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def floor(request: HttpRequest) -> HttpResponse:
    """The least that a page of this app can cost: a session and its person."""
    return HttpResponse(str(request.user))


urlpatterns = [path("bench/floor/", floor), path("", include("engagement.urls"))]
