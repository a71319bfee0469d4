from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("engagement.staff.urls")),
    path("", include("engagement.outbox.urls")),
    path("", include("clients.urls")),
    path("", include("promises.urls")),
    path("admin/", admin.site.urls),
]
