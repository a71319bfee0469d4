from promises.actions.agreeing import Asked, Reply, Spoken, Written, extend_and_tell
from promises.actions.base import Refused, keep_note
from promises.actions.ending import deliver, reopen, void, withdraw
from promises.actions.making import change_words, make, reassign
from promises.actions.moving import answer, extend
from promises.actions.overriding import Override
from promises.actions.progress import set_steps, stop_waiting, tick_step, update, wait_for_client
from promises.actions.telling import Said, record_conversation, refresh_told, write_to_client
from promises.actions.watching import look_at_due, look_soon

__all__ = [
    "Asked",
    "Override",
    "Refused",
    "Reply",
    "Said",
    "Spoken",
    "Written",
    "answer",
    "change_words",
    "deliver",
    "extend",
    "extend_and_tell",
    "keep_note",
    "look_at_due",
    "look_soon",
    "make",
    "reassign",
    "record_conversation",
    "refresh_told",
    "reopen",
    "set_steps",
    "stop_waiting",
    "tick_step",
    "update",
    "void",
    "wait_for_client",
    "withdraw",
    "write_to_client",
]
