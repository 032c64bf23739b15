"""What the console answers with: pages, redirects after a form, and calm pages for errors."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from litestar import Request, Response

from tutela.errors import NotSignedIn
from tutela.interfaces.console.alarm import alarm_of
from tutela.interfaces.console.pages import Pages, viewer_of
from tutela.interfaces.web.guard import CALLER, Caller
from tutela.interfaces.web.problems import headers, noted

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
        400: "That could not be read",
        403: "Not allowed",
        404: "Not found",
        405: "Not found",
        409: "That contradicts what is there",
        413: "Too large",
        429: "Too many requests",
        503: "Not ready",
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
    caller: Caller | None = request.scope.get(CALLER)  # type: ignore[assignment]
    if caller is not None:
        csrf = request.scope["tutela.session"].csrf  # type: ignore[typeddict-item]
        person = bool(caller.account)
        view["viewer"] = viewer_of(caller.role, csrf, request.url.path, person=person)
        view["alarm"] = alarm_of(request)
    body = pages_of(request).render(template, **view)
    return Response(body, status_code=status, media_type="text/html", headers=dict(HEADERS))


def see_other(href: str) -> Response[str]:
    """Go to another page; always an address of ours, never one that a client gave."""
    return Response("", status_code=303, headers={"Location": href}, media_type="text/html")


def respond(request: Request[Any, Any, Any], error: Exception) -> Response[str]:
    """Answer an error with a page: Litestar's exception handler for the console."""
    if isinstance(error, NotSignedIn):
        return see_other("/console/sign-in")
    problem = noted(request, error)
    parts = [problem.detail, problem.remedy, problem.instance]
    answer = page(
        request,
        "problem.html",
        status=problem.status,
        title=TITLES.get(problem.status, "Something went wrong"),
        text="; ".join(part for part in parts if part) + ".",
    )
    answer.headers.update(headers(error, problem))
    return answer
