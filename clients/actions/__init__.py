from clients.actions.cadence import next_word, set_cadence_hint, word_given
from clients.actions.clients import archive, make_client, save_client, save_contact, unarchive
from clients.actions.links import link_address, make_link, renew_link, revoke_link, send_new_link

__all__ = [
    "archive",
    "link_address",
    "make_client",
    "make_link",
    "next_word",
    "renew_link",
    "revoke_link",
    "save_client",
    "save_contact",
    "send_new_link",
    "set_cadence_hint",
    "unarchive",
    "word_given",
]
