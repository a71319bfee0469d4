from engagement.staff.models.firm import Firm, FirmLogo
from engagement.staff.models.second_step import AccountEvent, RecoveryCode, SecondStep
from engagement.staff.models.session import Session
from engagement.staff.models.user import Role, User
from engagement.staff.models.week import Absence, WorkingWeek

__all__ = [
    "Absence",
    "AccountEvent",
    "Firm",
    "FirmLogo",
    "RecoveryCode",
    "Role",
    "SecondStep",
    "Session",
    "User",
    "WorkingWeek",
]
