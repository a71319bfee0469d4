from django.urls import path

from promises.views import board, find, log, my_day

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
]
