"""The settings themselves, one record per section of the TOML file, each declared once."""

from __future__ import annotations

from typing import Annotated

from tutela.settings.declare import Section, setting


class ServerSettings(Section, frozen=True, kw_only=True):
    """The HTTP server."""

    host: Annotated[
        str,
        setting("address that the server listens on", pattern=".", form="a host name or address"),
    ] = "127.0.0.1"
    port: Annotated[
        int, setting("port that the server listens on; 0 picks a free one", ge=0, le=65535)
    ] = 8080
    workers: Annotated[
        int, setting("server processes; 0 starts one per core", "processes", ge=0, le=256)
    ] = 1
    body_bytes: Annotated[
        int, setting("largest request body that is taken", "bytes", ge=1024, le=10**12)
    ] = 210_000_000
    request_seconds: Annotated[
        float, setting("longest time that a request may take", "seconds", ge=0.01, le=3600)
    ] = 60.0
    rate_per_second: Annotated[
        float, setting("requests that one API key may make; 0 sets no limit", "requests/s", ge=0)
    ] = 5000.0
    rate_burst: Annotated[
        int, setting("requests that one API key may make at once after a pause", "requests", ge=1)
    ] = 10_000


class DataSettings(Section, frozen=True, kw_only=True):
    """Files on disk."""

    folder: Annotated[
        str,
        setting("folder for the embedded database, the index and keys", pattern=".", form="a path"),
    ] = "./data"


class StorageSettings(Section, frozen=True, kw_only=True):
    """The database."""

    url: Annotated[
        str,
        setting(
            "database: sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/NAME; "
            "empty means SQLite in the data folder",
            pattern=r"^\Z|^sqlite:///|^postgresql(\+psycopg)?://",
            form="an address that begins with sqlite:/// or postgresql+psycopg://",
            secret=True,
        ),
    ] = ""


class DecoderSettings(Section, frozen=True, kw_only=True):
    """The sandboxed child processes that open pictures and archives."""

    children: Annotated[
        int, setting("child processes; 0 starts one per core", "processes", ge=0, le=256)
    ] = 0
    jobs_per_child: Annotated[
        int, setting("jobs after which a child is replaced by a fresh one", "jobs", ge=1)
    ] = 5000
    memory_bytes: Annotated[
        int,
        setting(
            "memory that a child may use beyond what it needs when idle", "bytes", ge=64 * 2**20
        ),
    ] = 1536 * 2**20
    cpu_seconds: Annotated[
        float,
        setting(
            "processor time for one file, or one member of an archive", "seconds", ge=0.01, le=3600
        ),
    ] = 20.0
    wall_seconds: Annotated[
        float,
        setting(
            "time without an answer after which a child counts as hung", "seconds", ge=0.01, le=3600
        ),
    ] = 30.0
    pixels: Annotated[int, setting("largest picture that is decoded", "pixels", ge=4096)] = (
        100_000_000
    )
    frames: Annotated[
        int, setting("pictures of an animation that are fingerprinted", "pictures", ge=1)
    ] = 64
    archives: Annotated[bool, setting("whether zip and tar archives are opened")] = True
    archive_depth: Annotated[
        int, setting("archives within archives that are opened", "levels", ge=1, le=16)
    ] = 3
    archive_bytes: Annotated[
        int, setting("unpacked size of one archive, all levels together", "bytes", ge=1024)
    ] = 2 * 2**30
    archive_ratio: Annotated[
        float, setting("unpacked size over packed size of one archive", "times", ge=1)
    ] = 200.0
    archive_members: Annotated[
        int, setting("files of one archive, all levels together", "files", ge=1)
    ] = 10_000
    archive_seconds: Annotated[
        float,
        setting("processor time for one archive, all levels together", "seconds", ge=0.01, le=3600),
    ] = 300.0
    dihedral: Annotated[
        bool, setting("whether turned and mirrored variants of each picture are compared too")
    ] = False
    exact_pixels: Annotated[
        bool,
        setting(
            "whether every picture is decoded at its full size; else large JPEG pictures may be "
            "decoded at a part of it, which may change their PDQ by a few bits of 256"
        ),
    ] = False


class IndexSettings(Section, frozen=True, kw_only=True):
    """The index of known entries."""

    refresh_seconds: Annotated[
        float,
        setting("how often changes of banks and entries are picked up", "seconds", ge=0.01, le=60),
    ] = 0.25


class KeepSettings(Section, frozen=True, kw_only=True):
    """How long things are kept. Bytes and pixels never are."""

    signals_days: Annotated[
        int,
        setting(
            "how long the signals of what was checked stay, so that a list that grows can be "
            "compared with the past; 0 keeps none",
            "days",
            ge=0,
            le=3650,
        ),
    ] = 90


class RescanSettings(Section, frozen=True, kw_only=True):
    """Work in the background: the past compared with grown lists, and old signals deleted."""

    worker: Annotated[
        bool,
        setting(
            "whether `tutela serve` runs a process for this work; without one, "
            "run `tutela rescan work` somewhere"
        ),
    ] = True
    automatic: Annotated[
        bool, setting("whether a bank that grows is compared with the past by itself")
    ] = True
    share: Annotated[
        float, setting("share of one core that re-scans may take", "cores", ge=0.01, le=1)
    ] = 0.25


class DefenceSettings(Section, frozen=True, kw_only=True):
    """Defence against false matches. Everything that it silences is shown and counted."""

    low_information: Annotated[
        bool,
        setting("whether a picture with little in it must be nearer to an entry to match"),
    ] = True
    low_information_distance: Annotated[
        int, setting("how near such a picture must be", "bits", ge=0, le=31)
    ] = 20


class FloodSettings(Section, frozen=True, kw_only=True):
    """Entries that suddenly match very much are parked, and a curator is asked."""

    enabled: Annotated[bool, setting("whether the server watches for floods")] = True
    contents_per_hour: Annotated[
        int,
        setting(
            "distinct contents that one entry may match within an hour before it is parked",
            "contents",
            ge=1,
        ),
    ] = 100
    look_seconds: Annotated[
        float,
        setting("how often the matches are looked through", "seconds", ge=0.01, le=3600),
    ] = 5.0


class PolicySettings(Section, frozen=True, kw_only=True):
    """The rules that turn facts into a decision."""

    file: Annotated[
        str,
        setting("policy file, put in force when its text changes; empty means the shipped policy"),
    ] = ""
    approval: Annotated[
        str,
        setting(
            "who may put in force what a person with an account wrote: another person, or anybody",
            one_of=("other", "anybody"),
        ),
    ] = "other"


class LawSettings(Section, frozen=True, kw_only=True):
    """Law as data: which content may be scanned where, and what else the law of a place asks."""

    file: Annotated[
        str,
        setting("the operator's file: what surfaces are, overrides, packs; empty means none"),
    ] = ""
    without_pack: Annotated[
        str,
        setting(
            "what is done with content of places that no pack covers", one_of=("scan", "refuse")
        ),
    ] = "scan"
    stale_days: Annotated[
        int,
        setting(
            "age after which a value of a pack is shown as one to check again",
            "days",
            ge=1,
            le=3650,
        ),
    ] = 92


class FetchSettings(Section, frozen=True, kw_only=True):
    """Content that is fetched from a URL."""

    timeout: Annotated[
        float, setting("longest time that a fetch may take", "seconds", ge=0.01, le=600)
    ] = 10.0
    bytes: Annotated[int, setting("largest content that is fetched", "bytes", ge=1)] = 50_000_000
    allow_private: Annotated[
        bool, setting("whether private and reserved addresses may be fetched from")
    ] = False


class ActionsSettings(Section, frozen=True, kw_only=True):
    """Actions on their way to the platform."""

    worker: Annotated[
        bool,
        setting(
            "whether `tutela serve` runs a process that sends actions; without one, "
            "run `tutela actions work` somewhere"
        ),
    ] = True
    key_file: Annotated[
        str,
        setting(
            "file with the key that the secrets of destinations are derived from; empty means "
            "actions.key in the data folder"
        ),
    ] = ""
    timeout: Annotated[
        float, setting("longest time that one message may take", "seconds", ge=0.1, le=60)
    ] = 10.0
    at_once: Annotated[
        int, setting("messages on their way to one destination at once", "messages", ge=1, le=1000)
    ] = 32
    retry_first: Annotated[
        float, setting("pause before a message is sent again", "seconds", ge=0.1, le=3600)
    ] = 1.0
    retry_longest: Annotated[
        float,
        setting("longest such pause; each is twice the one before", "seconds", ge=0.1, le=86_400),
    ] = 3600.0
    attempts: Annotated[
        int,
        setting(
            "attempts before an action is given up; the defaults make up a day",
            "attempts",
            ge=1,
            le=1000,
        ),
    ] = 35


class ConsoleSettings(Section, frozen=True, kw_only=True):
    """The console for staff."""

    session_minutes: Annotated[
        int, setting("time after which a session ends", "minutes", ge=1, le=10_080)
    ] = 480
    code_minutes: Annotated[
        int, setting("time for which a one-time sign-in code is valid", "minutes", ge=1, le=1440)
    ] = 15


class LogSettings(Section, frozen=True, kw_only=True):
    """What is written about the program's own work; never content, never secrets."""

    level: Annotated[
        str,
        setting("least level that is written", one_of=("debug", "info", "warning", "error")),
    ] = "info"
    json: Annotated[
        bool, setting("whether each line is a JSON object instead of text for people")
    ] = False
