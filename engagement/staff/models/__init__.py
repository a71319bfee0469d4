from engagement.staff.models.firm import Firm, FirmLogo
from engagement.staff.models.user import Role, User
from engagement.staff.models.week import Absence, WorkingWeek

__all__ = ["Absence", "Firm", "FirmLogo", "Role", "User", "WorkingWeek"]
