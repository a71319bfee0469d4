from django.urls import path

from clients.views import clients, contacts, links, scopes, sent

app_name = "clients"
urlpatterns = [
    path("clients/", clients.client_list, name="list"),
    path("clients/new/", clients.new, name="new"),
    path("clients/<int:pk>/edit/", clients.edit, name="edit"),
    path("clients/<int:pk>/archive/", clients.archive, name="archive"),
    path("clients/<int:pk>/unarchive/", clients.unarchive, name="unarchive"),
    path("clients/<int:pk>/contacts/new/", contacts.new, name="contact_new"),
    path("contacts/<int:pk>/", contacts.edit, name="contact_edit"),
    path("contacts/<int:pk>/left/", contacts.left, name="contact_left"),
    path("contacts/<int:pk>/back/", contacts.back, name="contact_back"),
    path("clients/<int:pk>/links/", links.links, name="links"),
    path("links/<int:pk>/renew/", links.renew, name="link_renew"),
    path("links/<int:pk>/revoke/", links.revoke, name="link_revoke"),
    path("clients/<int:pk>/scopes/", scopes.scopes, name="scopes"),
    path("clients/<int:pk>/scopes/new/", scopes.new, name="scope_new"),
    path("scopes/<int:pk>/", scopes.edit, name="scope_edit"),
    path("scopes/<int:pk>/file/", scopes.file, name="scope_file"),
    path("sent/", sent.sent, name="sent"),
    path("sent/<int:pk>/", sent.message, name="message"),
    path("sent/<int:pk>/bounced/", sent.bounced, name="message_bounced"),
    path("sent/<int:pk>/mark-sent/", sent.mark_sent, name="message_mark_sent"),
    path("sent/<int:pk>/resend/", sent.resend, name="message_resend"),
    path("sent/<int:pk>/see-to/", sent.see_to, name="message_see_to"),
    path("sent/<int:pk>/undo/", sent.undo, name="message_undo"),
]
