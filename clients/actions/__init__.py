from clients.actions.base import Changed, Refused, Seen, WrongCode
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
from clients.actions.closing import end, lapse_due, nudge_due, revise, withdraw
from clients.actions.codes import latest_code, send_code
from clients.actions.documents import make_document, make_documents
from clients.actions.drafting import (
    copy_scope,
    draft_addendum,
    draft_from_template,
    draft_scope,
    keep_template,
    last_saved,
    next_number,
    record_paper,
    save_addendum,
    save_draft,
)
from clients.actions.links import link_address, make_link, renew_link, revoke_link, send_new_link
from clients.actions.requests import answer_request, log_request, turn_into_addendum
from clients.actions.sending import preview, send, signing_address, signing_placeholder
from clients.actions.signer import name_signer, preview_pdf
from clients.actions.signing import CONSENT, ask_question, countersign, decline, sign
from clients.actions.solutions import archive_solution, review_solution, save_solution, unarchive_solution
from clients.actions.templates import delete_template, rename_template

__all__ = [
    "CONSENT",
    "Changed",
    "Refused",
    "Seen",
    "StillOwed",
    "WrongCode",
    "answer_request",
    "archive",
    "archive_solution",
    "ask_question",
    "copy_scope",
    "countersign",
    "decline",
    "delete_template",
    "draft_addendum",
    "draft_from_template",
    "draft_scope",
    "end",
    "keep_template",
    "lapse_due",
    "last_saved",
    "latest_code",
    "link_address",
    "log_request",
    "make_client",
    "make_document",
    "make_documents",
    "make_link",
    "mark_back",
    "mark_left",
    "name_signer",
    "next_number",
    "next_word",
    "nudge_due",
    "preview",
    "preview_pdf",
    "record_paper",
    "rename_template",
    "renew_link",
    "review_solution",
    "revise",
    "revoke_link",
    "save_addendum",
    "save_client",
    "save_contact",
    "save_draft",
    "save_solution",
    "send",
    "send_code",
    "send_new_link",
    "set_cadence_hint",
    "sign",
    "signing_address",
    "signing_placeholder",
    "turn_into_addendum",
    "unarchive",
    "unarchive_solution",
    "withdraw",
    "word_given",
    "word_taken_back",
]
