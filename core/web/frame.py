"""Puts a page into its frame: language, words, files, headers, and kind error pages."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import (
    Blueprint,
    Flask,
    Response,
    g,
    make_response,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from werkzeug.exceptions import HTTPException

from core.access import ANYBODY, admit
from core.problems import Problem
from core.web.headers import TWILIO_MEDIA, content_security_policy, security_headers
from core.web.languages import CORE_WORDS, LANGUAGES, Catalog, choose_language
from core.web.static_files import ROOT, cache_control, version

LANGUAGE_COOKIE = "language"
LANGUAGE_COOKIE_SECONDS = 365 * 86_400

#: Paths that speak JSON or TwiML; a page of ours would only confuse who reads them.
MACHINE_PATHS = ("/api/", "/ivr/", "/healthz", "/readyz", "/metrics")

blueprint = Blueprint("web", __name__, template_folder="templates")
admit(blueprint, ANYBODY)


def current_language() -> str:
    """Return the language: that of the path (`speak`), `?language=`, the cookie, else Korean."""
    asked = g.get("path_language") or request.args.get("language")
    return choose_language(asked, request.cookies.get(LANGUAGE_COOKIE))


def speak(language: str, paths: Mapping[str, str]) -> None:
    """Speak `language` in this request, since its path says so. paths: the page by language."""
    g.path_language, g.language_paths = language, paths


def translator(catalog: Catalog) -> Callable[..., str]:
    """Return `t(key, **values)` that speaks the language of this request."""
    language = current_language()
    return lambda key, **values: catalog.say(language, key, **values)


def render_page(template: str, catalog: Catalog = CORE_WORDS, **context: Any) -> str:
    """Render a page with `t`, `language`, `words` and `asset` at its disposal.

    catalog: the room's sentences. context: whatever else the template names.
    """
    language = current_language()
    return render_template(
        template,
        t=translator(catalog),
        language=language,
        words=catalog.words(language),
        asset=asset,
        in_language=in_language,
        other_languages=[other for other in LANGUAGES if other != language],
        **context,
    )


def asset(path: str) -> str:
    """Return the address of a static file, its version in the path."""
    return url_for("web.static_file", asked_version=version(), path=path)


def in_language(language: str) -> str:
    """Return this page's own address in another language, its other arguments kept."""
    if language in g.get("language_paths", {}):
        return str(g.language_paths[language])
    arguments = request.args.to_dict() | {"language": language}
    return f"{request.path}?{urlencode(arguments)}"


def allow_softphone(sources: tuple[str, ...]) -> None:
    """Let the page of this request reach the carrier's `sources` for voice."""
    g.softphone_sources = sources


@blueprint.get("/assets/<asked_version>/<path:path>")
def static_file(asked_version: str, path: str) -> Response:
    """Serve one of the pages' files."""
    answer = send_from_directory(ROOT, path, max_age=None)
    answer.headers["Cache-Control"] = cache_control(asked_version)
    return answer


def install(app: Flask, over_https: bool) -> None:
    """Register the frame on `app`, after core.problems, whose documents it keeps for programs.

    over_https: whether people reach us by HTTPS.
    """
    app.register_blueprint(blueprint)
    app.register_error_handler(HTTPException, _http_fault)
    app.register_error_handler(Problem, _problem)
    app.after_request(_remember_language)

    @app.after_request
    def _guard(answer: Response) -> Response:
        return _with_security_headers(answer, over_https)


def _remember_language(answer: Response) -> Response:
    asked = request.args.get("language")
    if asked in LANGUAGES and not request.path.startswith(MACHINE_PATHS):
        answer.set_cookie(
            LANGUAGE_COOKIE, asked, max_age=LANGUAGE_COOKIE_SECONDS, samesite="Lax", httponly=True
        )
    return answer


def _with_security_headers(answer: Response, over_https: bool) -> Response:
    sources: tuple[str, ...] = g.get("softphone_sources", ())
    policy = content_security_policy(sources, TWILIO_MEDIA if sources else ())
    for name, value in security_headers(policy, over_https).items():
        answer.headers.setdefault(name, value)
    if answer.mimetype == "text/html":
        # Pages hold people's cases: no copy in a shared machine's cache.
        answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def _http_fault(fault: HTTPException) -> Response | HTTPException:
    if request.path.startswith(MACHINE_PATHS) or fault.response is not None:
        return fault
    answer = error_page(fault.code or 500)
    for name, value in fault.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            answer.headers[name] = value
    return answer


def _problem(problem: Problem) -> Response:
    if request.path.startswith(MACHINE_PATHS):
        return problem.response()
    return error_page(problem.status)


def error_page(status: int) -> Response:
    """Return a page that says kindly what `status` means and where to go on."""
    known = f"error.{status}_title" in CORE_WORDS.words(LANGUAGES[0])
    page = render_page("error.html", code=status, name=str(status) if known else "other")
    return make_response(page, status)
