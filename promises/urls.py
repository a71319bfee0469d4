from django.urls import path

from promises.views import act, board, client, detail, extend, find, log, my_day, progress, tell, uploads

app_name = "promises"
urlpatterns = [
    path("my-day/", my_day.my_day, name="my_day"),
    path("board/", board.board, name="board"),
    path("board.csv", board.board_csv, name="board_csv"),
    path("board/ask/", board.ask, name="ask"),
    path("board/record/", board.record, name="record"),
    path("promises/", find.list_, name="list"),
    path("promises/new/", log.new, name="new"),
    path("promises/quick/", log.quick_add, name="quick_add"),
    path("promises/read-line/", log.read_line, name="read_line"),
    path("promises/<int:pk>/edit/", log.edit, name="edit"),
    path("promises/<int:pk>/", detail.detail, name="detail"),
    path("promises/<int:pk>/done/", act.done, name="done"),
    path("promises/<int:pk>/extend/", extend.extend, name="extend"),
    path("promises/<int:pk>/note/", act.note, name="note"),
    path("promises/<int:pk>/reassign/", act.reassign, name="reassign"),
    path("promises/<int:pk>/reopen/", act.reopen, name="reopen"),
    path("promises/<int:pk>/steps/", act.steps, name="steps"),
    path("promises/<int:pk>/tell/", tell.tell, name="tell"),
    path("promises/<int:pk>/update/", act.update, name="update"),
    path("promises/<int:pk>/void/", act.void, name="void"),
    path("promises/<int:pk>/waiting/", act.waiting, name="waiting"),
    path("promises/<int:pk>/waiting-over/", act.waiting_over, name="waiting_over"),
    path("promises/<int:pk>/withdraw/", act.withdraw, name="withdraw"),
    path("clients/<int:pk>/", client.client, name="client"),
    path("clients/<int:pk>/tell/", tell.tell_client, name="tell_client"),
    path("extensions/<int:pk>/answer/", extend.answer, name="answer"),
    path("steps/<int:pk>/", act.step, name="step"),
    path("clients/<int:pk>/progress/", progress.preview_page, name="preview_page"),
    path("import/", uploads.uploads, name="uploads"),
    path("import/<int:pk>/", uploads.upload, name="upload"),
    path("import/<int:pk>/run/", uploads.upload_run, name="upload_run"),
    path("import/<int:pk>/faults.csv", uploads.upload_faults, name="upload_faults"),
    path("p/new-link/", progress.new_link, name="new_link"),
    # Whatever stands in the address, slashes too, is a token that opens or does not.
    path("p/<path:token>/", progress.progress, name="progress"),
]
