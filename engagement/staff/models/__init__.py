from engagement.staff.models.firm import Firm
from engagement.staff.models.user import Role, User
from engagement.staff.models.week import Absence, WorkingWeek

__all__ = ["Absence", "Firm", "Role", "User", "WorkingWeek"]
