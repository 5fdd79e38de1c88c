"""The built single-page application, and the headers that protect whoever opens it."""

from flask import Blueprint, Flask, Response, send_from_directory
from werkzeug.exceptions import NotFound as NoSuchFile
from werkzeug.routing import PathConverter

from tracker.config import BACKEND
from tracker.problems import NotFound

DIST = BACKEND.parent / "frontend" / "dist"
# Vite puts a hash of the content into the names below assets/.
FOREVER = "public, max-age=31536000, immutable"

# Styles may be inline: the components position menus and toasts with style attributes. Scripts may not.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)

blp = Blueprint("browser", __name__)


class PagePath(PathConverter):
    """Any path but those of the API: what is unknown there is a problem, not the application's page."""

    regex = r"(?!api(?:/|$))[^/].*?"


@blp.route("/")
@blp.route("/<page:path>")
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


def protect(response: Response) -> Response:
    """Tell browsers what this origin never does."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if (response.mimetype or "").endswith("json"):
        # An incident changes at any time; an answer is only ever reused after asking with its ETag.
        headers.setdefault("Cache-Control", "no-cache")
    return response


def register(app: Flask) -> None:
    """Serve the build at the root, and protect every response."""
    app.url_map.converters["page"] = PagePath
    # An address with a doubled slash in it is another address, which does not exist, rather than a redirect.
    app.url_map.merge_slashes = False
    app.register_blueprint(blp)
    app.after_request(protect)
