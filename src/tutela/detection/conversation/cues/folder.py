"""All cues that there are: those that are shipped, and what an operator's folder changes.

A folder holds YAML files. One that begins with `cues: 1` takes the place of the shipped cues of
its language, or adds to them if it says `extends: shipped`. One with `lexicon: 1` gives the sexual
words of a language.
"""

from __future__ import annotations

from pathlib import Path

from tutela.detection.conversation.cues.cueset import SHIPPED, CueSet, fold
from tutela.detection.conversation.cues.lexicon import Lexicon, read_lexicon
from tutela.detection.conversation.cues.reading import LARGEST
from tutela.errors import BadConfiguration


def open_cues(folder: Path | None = None) -> tuple[CueSet, ...]:
    """The cues of every language, each with the lexicon that there is for it.

    Args:
        folder: the operator's; None for what is shipped only.

    Raises:
        BadConfiguration: a file cannot be used; with `file:line:column` of a mistake in it.
    """
    own: dict[str, CueSet] = {}
    lexicons: dict[str, tuple[Lexicon, Path]] = {}
    for file in _files(folder) if folder else ():
        data = read_bytes(file)
        if is_lexicon(data, str(file)):
            lexicon = read_lexicon(data, str(file), fold)
            _once(lexicon.language, lexicons, file, "lexicons")
            lexicons[lexicon.language] = (lexicon, file)
        else:
            cues = CueSet.load(data, str(file))
            _once(cues.language, own, file, "cue files")
            own[cues.language] = cues
    missing = [one for one in SHIPPED if one not in own]
    sets = {language: CueSet.shipped(language) for language in missing} | own
    for language, (lexicon, file) in lexicons.items():
        if language not in sets:
            raise BadConfiguration(
                f"there are no cues of {language} that this lexicon could serve",
                where=str(file),
                remedy=f"it may be of {', '.join(sorted(sets))}, or add cues",
            )
        sets[language] = sets[language].with_lexicon(lexicon)
    return tuple(sets[language] for language in sorted(sets))


def read_bytes(file: Path) -> bytes:
    """A file of at most the size that a cue file may have, and a byte more to tell.

    Raises:
        BadConfiguration: it cannot be read.
    """
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST + 1)
    except OSError as problem:
        what = f"the file cannot be read: {problem.strerror}"
        raise BadConfiguration(what, where=str(file)) from None


def is_lexicon(data: bytes, file: str) -> bool:
    """Whether a file says that it is a lexicon.

    Raises:
        BadConfiguration: it is neither a lexicon nor a cue file.
    """
    keys = {line.partition(b":")[0] for line in data.splitlines()}
    if (b"lexicon" in keys) == (b"cues" in keys):
        raise BadConfiguration(
            "this is neither a cue file nor a lexicon",
            where=file,
            remedy="it begins with `cues: 1` or with `lexicon: 1`",
        )
    return b"lexicon" in keys


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(one for one in folder.iterdir() if one.suffix in {".yaml", ".yml"})
    except OSError as problem:
        what = f"the folder of cues cannot be read: {problem.strerror}"
        raise BadConfiguration(what, where=str(folder)) from None


def _once(language: str, found: object, file: Path, what: str) -> None:
    if isinstance(found, dict) and language in found:
        raise BadConfiguration(
            f"there are two {what} of {language}", where=str(file), remedy="keep one of them"
        )
