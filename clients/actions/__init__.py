from clients.actions.cadence import next_word, set_cadence_hint, word_given, word_taken_back
from clients.actions.clients import (
    StillOwed,
    archive,
    make_client,
    mark_back,
    mark_left,
    save_client,
    save_contact,
    unarchive,
)
from clients.actions.links import link_address, make_link, renew_link, revoke_link, send_new_link
from clients.actions.requests import Refused, answer_request, log_request
from clients.actions.scopes import keep_file, save_scope
from clients.actions.solutions import archive_solution, review_solution, save_solution, unarchive_solution

__all__ = [
    "Refused",
    "StillOwed",
    "answer_request",
    "archive",
    "archive_solution",
    "keep_file",
    "link_address",
    "log_request",
    "make_client",
    "make_link",
    "mark_back",
    "mark_left",
    "next_word",
    "renew_link",
    "review_solution",
    "revoke_link",
    "save_client",
    "save_contact",
    "save_scope",
    "save_solution",
    "send_new_link",
    "set_cadence_hint",
    "unarchive",
    "unarchive_solution",
    "word_given",
    "word_taken_back",
]
