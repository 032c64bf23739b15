"""Why somebody who comes from a provider is not let in."""

from __future__ import annotations

from typing import ClassVar

from tutela.errors import InvalidInput, NotAllowed, Unavailable


class NotProven(InvalidInput):
    """What a browser brought, or the provider said, proves nothing.

    Args:
        why: what was wrong, for the log; people are told that it did not work, and no more.
    """

    code: ClassVar[str] = "not-proven"

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__("signing in did not work", remedy="begin again from the sign-in page")


class ProviderDown(Unavailable):
    """The provider gave no answer that could be used."""

    code: ClassVar[str] = "provider-down"

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(
            "the provider does not answer as it should",
            remedy="try again in a while, or sign in another way",
        )


class NoPlace(NotAllowed):
    """The provider has said who it is, and nobody here is that."""

    code: ClassVar[str] = "no-place"
