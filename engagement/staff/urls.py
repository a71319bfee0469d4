from django.urls import path

from engagement.staff.views import diary, firm, joining, people, profile, signing

app_name = "staff"
urlpatterns = [
    path("sign-in/", signing.sign_in, name="sign_in"),
    path("sign-out/", signing.sign_out, name="sign_out"),
    path("password/", signing.password_reset, name="password_reset"),
    path("password/sent/", signing.password_reset_sent, name="password_reset_sent"),
    path("password/done/", signing.password_done, name="password_done"),
    path("password/<uidb64>/<token>/", signing.set_password, name="set_password"),
    path("start/", joining.first_run, name="first_run"),
    path("join/<uidb64>/<token>/", joining.join, name="join"),
    path("me/", profile.profile, name="profile"),
    path("me/password/", profile.change_password, name="change_password"),
    path("me/weeks/new/", diary.week_new, name="week_new"),
    path("me/absences/new/", diary.absence_new, name="absence_new"),
    path("weeks/<int:pk>/", diary.week, name="week"),
    path("weeks/<int:pk>/remove/", diary.week_remove, name="week_remove"),
    path("absences/<int:pk>/", diary.absence, name="absence"),
    path("absences/<int:pk>/remove/", diary.absence_remove, name="absence_remove"),
    path("people/", people.people, name="people"),
    path("people/new/", people.person_new, name="person_new"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/invite/", people.person_invite, name="person_invite"),
    path("people/<int:pk>/left/", people.person_left, name="person_left"),
    path("people/<int:pk>/back/", people.person_back, name="person_back"),
    path("people/<int:person_pk>/weeks/new/", diary.week_new, name="person_week_new"),
    path("people/<int:person_pk>/absences/new/", diary.absence_new, name="person_absence_new"),
    path("firm/", firm.firm, name="firm"),
    path("firm/logo/", firm.logo, name="firm_logo"),
    path("firm/logo/remove/", firm.logo_remove, name="firm_logo_remove"),
]
