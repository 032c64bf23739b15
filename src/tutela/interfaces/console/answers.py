"""What the console answers with: pages, redirects after a form, and calm pages for errors."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from litestar import Request, Response

from tutela.errors import NotSignedIn
from tutela.interfaces.console.alarm import alarm_of
from tutela.interfaces.console.pages import Pages
from tutela.interfaces.console.shell.navigation import viewer_of
from tutela.interfaces.language import later, reader_of, translator_of
from tutela.interfaces.web.guard import CALLER, Caller
from tutela.interfaces.web.problems import headers, noted

SIGN_IN = "/console/sign-in"
UNATTENDED = "tutela-unattended"
"""Header of what a page asks for by itself: nobody is there because of it."""
PAGES = "pages"
"""Name under which the console's router carries its templates."""
HEADERS = MappingProxyType(
    {
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
        "img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'",
        # Forms need a referrer policy under which browsers still name the origin.
        "Referrer-Policy": "same-origin",
    }
)
TITLES = MappingProxyType(
    {
        400: later("That could not be read"),
        403: later("Not allowed"),
        404: later("Not found"),
        405: later("Not found"),
        409: later("That contradicts what is there"),
        413: later("Too large"),
        429: later("Too many requests"),
        503: later("Not ready"),
    }
)


def pages_of(request: Request[Any, Any, Any]) -> Pages:
    """The templates of the console."""
    pages: Pages = request.route_handler.opt[PAGES]
    return pages


def page(
    request: Request[Any, Any, Any],
    template: str,
    *,
    status: int = 200,
    **view: Any,  # noqa: ANN401 - what the template shows
) -> Response[str]:
    """A page, with the navigation of whoever is signed in."""
    reader = reader_of(request)
    caller: Caller | None = request.scope.get(CALLER)  # type: ignore[assignment]
    if caller is not None:
        csrf = request.scope["tutela.session"].csrf  # type: ignore[typeddict-item]
        person = bool(caller.account)
        view["viewer"] = viewer_of(
            caller.role, csrf, request.url.path, person=person, texts=reader.texts
        )
        view["alarm"] = alarm_of(request)
    here = request.url.path if request.method == "GET" else ""
    body = pages_of(request).render(template, reader, page_path=here, **view)
    return Response(body, status_code=status, media_type="text/html", headers=dict(HEADERS))


def see_other(href: str) -> Response[str]:
    """Go to another page; always an address of ours, never one that a client gave."""
    return Response("", status_code=303, headers={"Location": href}, media_type="text/html")


def respond(request: Request[Any, Any, Any], error: Exception) -> Response[str]:
    """Answer an error with a page: Litestar's exception handler for the console."""
    if isinstance(error, NotSignedIn):
        return _to_sign_in(request)
    problem = noted(request, error)
    texts = translator_of(request)
    answer = page(
        request,
        "problem.html",
        status=problem.status,
        title=texts.gettext(TITLES.get(problem.status, later("Something went wrong"))),
        what=problem,
    )
    answer.headers.update(headers(error, problem))
    return answer


def _to_sign_in(request: Request[Any, Any, Any]) -> Response[str]:
    """Go to sign in. A part of a page that renews itself says so in its place, and ends with it."""
    if UNATTENDED in request.headers:
        return page(request, "signed_out.html", status=401)
    return see_other(SIGN_IN)
