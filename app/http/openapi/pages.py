"""Pages for people: Swagger UI, Redoc, formulas, problem codes. Nothing comes from the internet."""

import asyncio
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.staticfiles import StaticFiles

from app.errors import NotFoundError
from app.problem_kinds import PROBLEMS, ProblemKind
from app.texts import negotiate, translate

STATIC = Path(__file__).parents[2] / "static"
FORMULAS = Path(__file__).parents[2] / "formulas.html"
"""Made of docs/formulas.md by `tests.refresh_formulas`."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# Redoc writes its style sheets into the page and searches in a worker made from a blob.
_REDOC_POLICY = _POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'") + "; worker-src blob:"
_TEXT_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def install(app: FastAPI, *, reference: bool = True) -> None:
    """Serve ``/``, ``/docs``, ``/docs/formulas``, ``/redoc``, ``/problems/{code}`` and ``/static``, all
    without credentials. Without ``reference`` only what problems and methods refer to.
    """
    if reference:
        app.add_api_route("/", _index, include_in_schema=False)
        app.add_api_route("/docs", _swagger, include_in_schema=False)
        app.add_api_route("/redoc", _redoc, include_in_schema=False)
    app.add_api_route("/docs/formulas", _formulas, include_in_schema=False)
    app.add_api_route("/problems/{code}", _problem, include_in_schema=False)
    app.mount("/static", _Static(directory=STATIC), name="static")


class _Static(StaticFiles):
    """Static files that browsers revalidate each time (304 as a rule), so that no page mixes two versions."""

    def file_response(self, *args: Any, **more: Any) -> Response:
        """The answer with a file."""
        response = super().file_response(*args, **more)
        response.headers["Cache-Control"] = "no-cache"
        return response


async def _swagger() -> Response:
    style = "swagger-ui/swagger-ui.css"
    return _viewer("swagger-ui/swagger-ui-bundle.js", "pages/swagger.js", style, _POLICY)


async def _redoc() -> Response:
    # No option of Redoc leaves out the logo that it loads from its maker's server, so the copy here has
    # `data:,` in place of that address: Redoc drops a logo that does not load. The link beside it stays.
    return _viewer("redoc/redoc.standalone.js", "pages/redoc.js", "pages/page.css", _REDOC_POLICY)


async def _formulas() -> Response:
    return _text_page("Formulas", await asyncio.to_thread(_formulas_text), "en")


@lru_cache(maxsize=1)
def _formulas_text() -> str:
    return FORMULAS.read_text(encoding="utf-8")


async def _index(request: Request) -> Response:
    language = negotiate(request.headers.get("accept-language"))

    def say(text: str) -> str:
        return escape(translate(text, language))

    links = (
        ("/docs", "Try the operations"),
        ("/redoc", "Read the reference"),
        ("/docs/formulas", "How each figure is computed"),
        ("/openapi.json", "The OpenAPI document"),
    )
    codes = "".join(
        f'<li><a href="/problems/{code}"><code>{code}</code></a> {say(kind.title)}</li>'
        for code, kind in PROBLEMS.items()
    )
    summary = say("Customer retention: who the customers are, who carries the business, and who is leaving.")
    body = (
        f"<h1>Vefa</h1><p>{summary}</p>"
        f"<ul>{''.join(f'<li><a href={path}>{say(text)}</a></li>' for path, text in links)}</ul>"
        f"<h2>{say('Problems')}</h2><ul>{codes}</ul>"
    )
    return _text_page("Vefa", body, language)


async def _problem(request: Request, code: str) -> Response:
    kind = PROBLEMS.get(code)
    if kind is None:
        raise NotFoundError
    language = negotiate(request.headers.get("accept-language"))
    accept = request.headers.get("accept", "")
    if "json" in accept and "html" not in accept:
        return _problem_json(code, kind, language)

    def say(text: str) -> str:
        return _marked(translate(text, language))

    body = (
        f"<h1>{say(kind.title)}</h1><dl>"
        f"<dt>{say('HTTP status')}</dt><dd>{kind.status}</dd>"
        f"<dt>{say('Code')}</dt><dd><code>{code}</code></dd></dl>"
        f"<h2>{say('What to do')}</h2><p>{say(kind.advice)}</p>"
        f'<p><a href="/">{say("API documentation")}</a></p>'
    )
    return _text_page(say(kind.title), body, language)


def _problem_json(code: str, kind: ProblemKind, language: str) -> Response:
    content = {
        "type": f"/problems/{code}",
        "code": code,
        "status": kind.status,
        "title": translate(kind.title, language),
        "advice": translate(kind.advice, language),
    }
    return JSONResponse(content, headers={"Content-Language": language, "Vary": "Accept, Accept-Language"})


def _viewer(library: str, start: str, style: str, policy: str) -> Response:
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Vefa API</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><link rel="stylesheet" href="/static/{style}"></head>'
        '<body><div id="page"></div><script src="/static/pages/document.js"></script>'
        f'<script src="/static/{library}"></script>'
        f'<script src="/static/{start}"></script></body></html>'
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": policy, "Cache-Control": "no-cache"})


def _text_page(title: str, body: str, language: str) -> Response:
    page = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="/static/pages/page.css"></head>'
        f'<body><main class="text">{body}</main></body></html>'
    )
    headers = {
        "Content-Security-Policy": _TEXT_POLICY,
        "Content-Language": language,
        "Vary": "Accept, Accept-Language",
        "Cache-Control": "no-cache",
    }
    return HTMLResponse(page, headers=headers)


def _marked(text: str) -> str:
    """Escape ``text``, with `...` as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))
