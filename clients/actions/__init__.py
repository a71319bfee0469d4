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
from clients.actions.scopes import keep_file, save_scope

__all__ = [
    "StillOwed",
    "archive",
    "keep_file",
    "link_address",
    "make_client",
    "make_link",
    "mark_back",
    "mark_left",
    "next_word",
    "renew_link",
    "revoke_link",
    "save_client",
    "save_contact",
    "save_scope",
    "send_new_link",
    "set_cadence_hint",
    "unarchive",
    "word_given",
    "word_taken_back",
]
