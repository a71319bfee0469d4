from django.urls import path

from promises.views import board, my_day

app_name = "promises"
urlpatterns = [
    path("my-day/", my_day.my_day, name="my_day"),
    path("board/", board.board, name="board"),
    path("board.csv", board.board_csv, name="board_csv"),
    path("board/ask/", board.ask, name="ask"),
    path("board/record/", board.record, name="record"),
]
