"""The local preview: every language of an issue in the browser, as readers would get it now.

It listens on 127.0.0.1 only, renders anew on each request so that an edit shows on reload, and sends nothing. What the
review gate would hold back is shown all the same, and marked.
"""

import socket
from html import escape
from pathlib import Path

import jinja2
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from newsletter.app import Newsletter
from newsletter.errors import ConfigError, NewsletterError
from newsletter.model import Edition, Issue
from newsletter.rendering import fields, pictures
from newsletter.rendering.localise import Localisation

HOST = "127.0.0.1"

SAMPLE = {
    "recipient.name": "Sample Reader",
    "recipient.email": "reader@sample.example",
    "recipient.organisation": "Sample City",
    "recipient.unsubscribe_url": "https://sample.example/unsubscribe",
}
"""Whose mail the preview shows."""

# The mail is somebody's content: it may show pictures and styles, and do nothing.
_MAIL_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
_PAGE_POLICY = "default-src 'none'; frame-src 'self'; style-src 'unsafe-inline'; script-src 'self'"


def check(port: int) -> None:
    """Find out before anything is promised whether the port is free; a ConfigError where it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ConfigError(
                f"port {port} cannot be used ({error.strerror}).", hint="Choose another with --port."
            ) from error


def serve(newsletter: Newsletter, *, port: int) -> None:
    """Run the preview until it is interrupted."""
    uvicorn.run(application(newsletter), host=HOST, port=port, log_level="warning")


def application(newsletter: Newsletter) -> Starlette:
    """The preview as an ASGI application."""
    desk = _Desk(newsletter)
    return Starlette(
        routes=[
            Route("/", desk.newest),
            Route("/preview.js", desk.script),
            Route("/{issue}/", desk.overview),
            Route("/{issue}/{language}.html", desk.html),
            Route("/{issue}/{language}.txt", desk.text),
        ],
        # A page elsewhere must not reach the preview through a name that points to this machine.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])],
        exception_handlers={NewsletterError: _explain},
    )


class _Desk:
    """The pages of one newsletter's preview."""

    def __init__(self, newsletter: Newsletter) -> None:
        self._newsletter = newsletter
        loader = jinja2.FileSystemLoader(Path(__file__).parent)
        self._templates = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)

    def newest(self, _request: Request) -> Response:
        return RedirectResponse(f"/{self._newsletter.issue().id}/")

    def script(self, _request: Request) -> Response:
        return Response((Path(__file__).parent / "preview.js").read_text("utf-8"), media_type="text/javascript")

    def overview(self, request: Request) -> Response:
        issue = self._issue(request)
        editions = []
        for language, decision in self._newsletter.gates(issue).items():
            edition = self._newsletter.edition(decision)
            editions.append({"edition": edition, "name": Localisation.of(language).endonym, "gate": decision})
        template = self._templates.get_template("overview.html.j2")
        page = template.render(
            newsletter=self._newsletter.config.publication.name,
            issue=issue,
            issues=self._newsletter.issues(),
            editions=editions,
            flags=[flag for item in issue.items for flag in item.flags if not flag.acknowledged],
        )
        return HTMLResponse(page, headers={"Content-Security-Policy": _PAGE_POLICY})

    def html(self, request: Request) -> Response:
        edition = self._edition(request)
        page = pictures.inside(fields.compile(edition).fill(SAMPLE).html, edition.pictures)
        return HTMLResponse(page, headers={"Content-Security-Policy": _MAIL_POLICY})

    def text(self, request: Request) -> Response:
        return PlainTextResponse(fields.compile(self._edition(request)).fill(SAMPLE).text)

    def _edition(self, request: Request) -> Edition:
        language = request.path_params["language"]
        if language not in self._newsletter.config.publication.languages:
            raise HTTPException(404, f"The newsletter has no language {language!r}.")
        return self._newsletter.preview(self._issue(request), language)

    def _issue(self, request: Request) -> Issue:
        if request.path_params["issue"] not in self._newsletter.issues():
            raise HTTPException(404, f"There is no issue {request.path_params['issue']!r}.")
        return self._newsletter.issue(request.path_params["issue"])


def _explain(_request: Request, error: Exception) -> Response:
    """What is wrong, in the browser, instead of a traceback; it goes away once the file is corrected."""
    page = f"<!doctype html><meta charset=utf-8><title>Preview</title><p>{escape(str(error))}</p>"
    return HTMLResponse(page, status_code=500, headers={"Content-Security-Policy": _PAGE_POLICY})
