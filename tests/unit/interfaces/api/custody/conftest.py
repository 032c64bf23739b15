"""Evidence that came in through the API, and what the audit log says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from tests.unit.interfaces.finding import Finding

from tutela.model.custody.leaf import Leaf
from tutela.storage.audit.reading import AuditLog

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api


@pytest.fixture
def find(api: Api) -> Finding:
    """Check some text that a bank lists."""
    return Finding(api)


@pytest.fixture
def leaves(api: Api) -> Callable[[str], list[Leaf]]:
    """What the audit log says of something: `leaves(subject)`."""
    log = AuditLog(api.services.database)
    return lambda subject: [one.leaf for one in log.about([subject])]
