from django.http import HttpRequest

from engagement.staff.models import User


class SignedInRequest(HttpRequest):
    user: User
