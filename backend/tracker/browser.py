"""The built single-page application, and the headers that protect whoever opens it."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, send_from_directory
from werkzeug.exceptions import NotFound as NoSuchFile
from werkzeug.routing import PathConverter

from tracker.callers import needing
from tracker.config import BACKEND
from tracker.problems import NotFound

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

DIST = BACKEND.parent / "frontend" / "dist"
# Vite puts a hash of the content into the names below assets/.
FOREVER = "public, max-age=31536000, immutable"

# Styles may be inline: the components position menus and toasts with style attributes. Scripts may not.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)

PROTECTION = [
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    # Whoever is listed in CORS_ORIGINS reads by fetch, which asks by other headers.
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
]
ONLY_TLS = [("Strict-Transport-Security", "max-age=31536000")]
NO_CACHE = [("Cache-Control", "no-cache")]

blp = Blueprint("browser", __name__)


class PagePath(PathConverter):
    """Any path but those of the API: what is unknown there is a problem, not the application's page."""

    regex = r"(?!api(?:/|$))[^/].*?"


@blp.route("/")
@blp.route("/<page:path>")
@needing(None)
def get_page(path: str = "") -> Response:
    """A file of the build, or else the page itself, which routes on the client."""
    if not (DIST / "index.html").is_file():
        raise NotFound(
            "The browser pages are not built. Run `make build`, or `npm run dev` in frontend/ for "
            "http://localhost:3000. The API answers below /api."
        )
    if path.startswith("assets/"):
        response = send_from_directory(DIST, path)
        response.headers["Cache-Control"] = FOREVER
        return response
    try:
        return send_from_directory(DIST, path)
    except NoSuchFile:
        return send_from_directory(DIST, "index.html")


def protecting(application: "WSGIApplication") -> "WSGIApplication":
    """The application, telling browsers with every response what this origin never does.

    Around the application, where a header costs nothing; setting each on every response took longer than routing.
    """

    def protected(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Callable[[bytes], object]:
            given = {name.lower(): value for name, value in headers}
            # An incident changes at any time; an answer is only ever reused after asking with its ETag.
            fresh = "json" in given.get("content-type", "") and "cache-control" not in given
            # Only a proxy ends TLS here, and is believed about it if it is trusted.
            secure = environ["wsgi.url_scheme"] == "https"
            return start_response(status, headers + PROTECTION + NO_CACHE * fresh + ONLY_TLS * secure, *exc_info)

        return application(environ, start)

    return protected


def register(app: Flask) -> None:
    """Serve the build at the root, and protect every response."""
    app.url_map.converters["page"] = PagePath
    # An address with a doubled slash in it is another address, which does not exist, rather than a redirect.
    app.url_map.merge_slashes = False
    app.register_blueprint(blp)
    app.wsgi_app = protecting(app.wsgi_app)  # type: ignore[assignment, method-assign]
