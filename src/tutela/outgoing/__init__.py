"""The only door to other people's servers, guarded against request forgery (SSRF).

`Outgoing` is for tasks of an event loop and URLs of strangers, `Calls` for threads and one server
that an admin of ours has named. Both send nothing that `guard` has not let through.
"""

from tutela.outgoing.asynchronous import Fetched, Outgoing, Posted, Reach, Resolver, resolve
from tutela.outgoing.blocking import Answer, Calls, Lookup, Reading, look_up
from tutela.outgoing.guard import CHUNK, Address, FetchFailed, is_public

__all__ = [
    "CHUNK",
    "Address",
    "Answer",
    "Calls",
    "FetchFailed",
    "Fetched",
    "Lookup",
    "Outgoing",
    "Posted",
    "Reach",
    "Reading",
    "Resolver",
    "is_public",
    "look_up",
    "resolve",
]
