from django.urls import path

from engagement.outbox import views
from engagement.outbox.views import sending

app_name = "outbox"
# Sent mail is shown by the room above: who may read a message depends on the client it went to.
urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("healthz/deep", views.healthz_deep, name="healthz_deep"),
    path("sending/", sending.sending, name="sending"),
]
