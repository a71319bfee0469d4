from django.contrib import admin
from django.urls import include, path

from engagement.favicon import favicon
from engagement.security_txt import security_txt
from promises.views.my_day import home

urlpatterns = [
    path("", home, name="home"),
    path("", include("engagement.staff.urls")),
    path("", include("engagement.outbox.urls")),
    path("", include("clients.urls")),
    path("", include("promises.urls")),
    path("admin/", admin.site.urls),
    path("favicon.ico", favicon, name="favicon"),
    path(".well-known/security.txt", security_txt, name="security_txt"),
]
