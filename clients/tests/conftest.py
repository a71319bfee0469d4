from datetime import date

import pytest

from clients.actions import save_solution
from clients.models import Solution
from conftest import DAY, NOW


@pytest.fixture
def make_solution(thandi):
    """A solution saved through the front door, to be looked at again next year unless told otherwise."""

    def make(title="A second viewing", **fields):
        solution = Solution(
            title=title,
            **{
                "helps_when": "They want to see it once more.",
                "say": "Offer the drawings first.",
                "owner": thandi,
                "review_by": date(2027, 6, 1),
                **fields,
            },
        )
        save_solution(solution, NOW - 10 * DAY)
        return solution

    return make
