from promises.models.extension import AddendumMove, DateMove, Extension, ExtensionAnswer
from promises.models.from_scope import LineNotNeeded, NextScope
from promises.models.past_job import Begun, PastJob
from promises.models.promise import NOTHING_ANNOUNCED, Announcement, Band, Outcome, Promise
from promises.models.tally import OutcomeTally
from promises.models.telling import Telling
from promises.models.update import InternalNote, ProgressUpdate, Standing, Step
from promises.models.upload import Upload
from promises.models.watch import CapacityOverride, LoadChange, Reminder, RiskReading

__all__ = [
    "NOTHING_ANNOUNCED",
    "AddendumMove",
    "Announcement",
    "Band",
    "Begun",
    "CapacityOverride",
    "DateMove",
    "Extension",
    "ExtensionAnswer",
    "InternalNote",
    "LineNotNeeded",
    "LoadChange",
    "NextScope",
    "Outcome",
    "OutcomeTally",
    "PastJob",
    "ProgressUpdate",
    "Promise",
    "Reminder",
    "RiskReading",
    "Standing",
    "Step",
    "Telling",
    "Upload",
]
