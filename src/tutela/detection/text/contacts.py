"""Contact details in a text: links, e-mail addresses, phone numbers, handles, names of apps.

They are found in the way in which people write them, also where that is meant to get past a filter
(`name at mail dot com`, `zero six one two ...`), and told in one form, to be compared.
Every expression here reads a text once: none can be made slow by what stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import islice

from tutela.detection.text.normalised import Normalised
from tutela.detection.text.normaliser import Normaliser
from tutela.model.record import Record

MOST = 64
"""So many contact details of one text are told."""


class ContactKind(StrEnum):
    """What leads somebody to a place outside."""

    LINK = "link"
    EMAIL = "email"
    PHONE = "phone"
    HANDLE = "handle"
    APP = "app"
    """The name of another app or service alone: where, but not under which name."""


class Contact(Record, frozen=True, kw_only=True):
    """A contact detail.

    Attributes:
        value: in one form: small letters, a link without `https://www.`, a number's digits alone.
        start, end: where it stands in the text as written.
    """

    kind: ContactKind
    value: str
    start: int
    end: int


_DOMAINS = (
    "com|net|org|info|biz|io|co|gg|me|ly|to|tv|fm|app|chat|link|live|club|page|site|online|xyz|top|"
    "dev|eu|fr|uk|de|es|it|nl|be|ch|at|pl|pt|se|no|dk|fi|ie|us|ca|au|nz|in|br|mx|jp|kr|cn|ru|ua|tr"
)
_DOT = r"(?:\.| ?[\[({] ?(?:dot|point) ?[\])}] ?| (?:dot|point) )"
_AT = r"(?:@| ?[\[({] ?(?:at|arobase|arrobase) ?[\])}] ?| (?:at|arobase|arrobase) )"
_LABEL = r"[a-z0-9-]{1,63}"

_EMAIL = re.compile(
    rf"(?<![\w.+@-])([\w.+-]{{1,64}})({_AT})({_LABEL}(?:{_DOT}{_LABEL}){{0,3}}{_DOT}(?:{_DOMAINS}))"
    r"(?![\w@-])"
)
_LINK = re.compile(
    r"(?<![\w@.-])(?:https?://|www\.)([^\s<>\"'\\^`{|}]{3,2000})"
    rf"|(?<![\w@./-])((?:{_LABEL}\.){{1,4}}(?:{_DOMAINS})(?![\w@-])(?:/[^\s<>\"'\\^`{{|}}]{{0,2000}})?)"
)
_PHONE = re.compile(r"(?<![\w+/.:-])(\+?\(?[0-9](?:[ ().\-/]{0,2}[0-9]){6,14})(?![\w/:-])")
_DATE = re.compile(
    r"(?:[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4})(?: .*)?"
)
_DIGITS = {
    "zero": "0 oh zero",
    "one": "1 one un une",
    "two": "2 two deux",
    "three": "3 three trois",
    "four": "4 four quatre",
    "five": "5 five cinq",
    "six": "6 six",
    "seven": "7 seven sept",
    "eight": "8 eight huit",
    "nine": "9 nine neuf",
}
_DIGIT_OF = {
    word: row.split()[0] for row in ("0 zero oh", *_DIGITS.values()) for word in row.split()
}
_SPOKEN = "|".join(sorted(_DIGIT_OF, key=len, reverse=True))
_SPOKEN_PHONE = re.compile(
    rf"(?<!\w)(?:{_SPOKEN})(?:[ ,.\-]{{1,2}}(?:{_SPOKEN})(?!\w)){{6,14}}"
    rf"(?![ ,.\-]{{1,2}}(?:{_SPOKEN})(?!\w))"
)

_APPS = {
    "snapchat": "snapchat snap",
    "instagram": "instagram insta ig",
    "whatsapp": "whatsapp",
    "telegram": "telegram",
    "discord": "discord",
    "kik": "kik",
    "wickr": "wickr",
    "skype": "skype",
    "viber": "viber",
    "messenger": "messenger",
    "tiktok": "tiktok",
    "threema": "threema",
    "wechat": "wechat",
    "facetime": "facetime",
    "omegle": "omegle",
    "onlyfans": "onlyfans",
    "facebook": "facebook",
    "steam": "steam",
    "twitch": "twitch",
}
_APP_OF = {word: app for app, row in _APPS.items() for word in row.split()}
_APP = "|".join(sorted(_APP_OF, key=len, reverse=True))
_NAMED = re.compile(rf"(?<!\w)(?:{_APP}|k i k|whats app|tik tok|face time)(?!\w)")
_IS = r"(?: ?(?:name|user|username|account|id|is|pseudo|compte|nom|est|c'est|[:=-])){1,4}"
_HANDLE_ON = re.compile(rf"(?<!\w)({_APP})s?{_IS} ?@?([a-z0-9][\w.]{{2,31}})(?!\w)")
_HANDLE = re.compile(r"(?<![\w@/.+-])@([a-z0-9_][\w.]{1,31})(?![\w@])")
_NO_NAME = re.compile("and|the|not|for|you|are|was|let|can|will|but|too|also|que|pas|mais")


class Contacts:
    """Finds contact details. Many threads may use one."""

    def __init__(self, normaliser: Normaliser) -> None:
        self._normaliser = normaliser

    def find(self, message: Normalised) -> tuple[Contact, ...]:
        """The contact details of a text in the order in which they stand, at most `MOST`.

        Each place belongs to one of them: the address within a link is not told again.
        """
        folded = self._normaliser.fold(message.original)
        found: list[Contact] = []
        for one in (*_in_spelling(folded), *islice(_apps(message), MOST)):
            if not any(one.start < other.end and other.start < one.end for other in found):
                found.append(one)
        return tuple(sorted(found, key=lambda one: (one.start, one.end))[:MOST])


def _in_spelling(text: Normalised) -> Iterator[Contact]:
    """What stands in a text letter by letter, the longest forms first."""
    for find in (_emails, _links, _phones, _spoken_phones, _handles):
        yield from islice(find(text), MOST)


def _emails(text: Normalised) -> Iterator[Contact]:
    for found in _EMAIL.finditer(text.text):
        domain = re.sub(_DOT, ".", found[3])
        yield _contact(ContactKind.EMAIL, f"{found[1].strip('.')}@{domain}", text, found)


def _links(text: Normalised) -> Iterator[Contact]:
    for found in _LINK.finditer(text.text):
        address = (found[1] or found[2]).rstrip(".,;:!?)]/").removeprefix("www.")
        if address:
            yield _contact(ContactKind.LINK, address, text, found)


def _phones(text: Normalised) -> Iterator[Contact]:
    for found in _PHONE.finditer(text.text):
        if not _DATE.fullmatch(found[0]):
            digits = "".join(filter(str.isdigit, found[0]))
            plus = "+" if found[0].startswith("+") else ""
            yield _contact(ContactKind.PHONE, plus + digits, text, found)


def _spoken_phones(text: Normalised) -> Iterator[Contact]:
    for found in _SPOKEN_PHONE.finditer(text.text):
        words = re.findall(r"\w+", found[0])
        if not all(map(str.isdigit, words)):
            value = "".join(_DIGIT_OF[word] for word in words)
            yield _contact(ContactKind.PHONE, value, text, found)


def _handles(text: Normalised) -> Iterator[Contact]:
    for found in _HANDLE_ON.finditer(text.text):
        if not _NO_NAME.fullmatch(found[2]):
            yield _contact(ContactKind.HANDLE, found[2].rstrip("."), text, found)
    for found in _HANDLE.finditer(text.text):
        yield _contact(ContactKind.HANDLE, found[1].rstrip("."), text, found)


def _apps(text: Normalised) -> Iterator[Contact]:
    for found in _NAMED.finditer(text.text):
        together = found[0].replace(" ", "")
        yield _contact(ContactKind.APP, _APP_OF.get(together, together), text, found)


def _contact(kind: ContactKind, value: str, text: Normalised, found: re.Match[str]) -> Contact:
    start, end = text.span(*found.span())
    return Contact(kind=kind, value=value, start=start, end=end)


def kinds_of(contacts: Sequence[Contact]) -> tuple[ContactKind, ...]:
    """The kinds that there are, each once, in the order of `ContactKind`."""
    present = {one.kind for one in contacts}
    return tuple(kind for kind in ContactKind if kind in present)
