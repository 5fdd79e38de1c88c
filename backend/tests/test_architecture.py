"""The house rules of the code, read from its source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tracker.config import BACKEND

# A layer may import itself and those below it.
LAYERS = ("routes", "operations", "stream", "log", "export", "queries", "schemas", "models", "extensions")
SOURCES = sorted((BACKEND / "tracker").rglob("*.py"))
PROGRAMS = [BACKEND / name for name in ("app.py", "admin.py", "backup.py", "seed.py") if (BACKEND / name).exists()]


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(), str(path))


def imports(path: Path) -> Iterator[str]:
    """The modules of ours that a file imports, wherever in it, such as ``tracker.incidents.models``."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in found:
            module = BACKEND / Path(*name.split("."))
            if name.split(".")[0] == "tracker" and (module.with_suffix(".py").exists() or module.is_dir()):
                yield name


def named(path: Path) -> str:
    """The file as people say it, such as ``tracker/incidents/models.py``."""
    return str(path.relative_to(BACKEND))


@pytest.mark.parametrize("path", [path for path in SOURCES if path.stem in LAYERS], ids=named)
def test_imports_point_down_the_layers(path: Path) -> None:
    level = LAYERS.index(path.stem)
    for module in imports(path):
        layer = module.rpartition(".")[2]
        if layer in LAYERS:
            assert LAYERS.index(layer) >= level, f"{named(path)} imports {module}"


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in SOURCES
        if path.stem in ("operations", "changing", "counting", "log", "export", "queries", "models")
    ],
    ids=named,
)
def test_what_is_below_the_routes_knows_no_http(path: Path) -> None:
    for node in ast.walk(parsed(path)):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            assert name.split(".")[0] not in ("flask", "flask_smorest", "werkzeug", "webargs"), named(path)


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if path.parent == BACKEND / "tracker" and path.stem != "__init__"], ids=named
)
def test_what_features_share_knows_none_of_them(path: Path) -> None:
    for module in imports(path):
        assert not module.startswith(("tracker.incidents", "tracker.history", "tracker.views")), (
            f"{named(path)} imports {module}"
        )


@pytest.mark.parametrize(
    ("feature", "unknown"), [("history", "incidents"), ("history", "views"), ("incidents", "views")]
)
def test_features_know_each_other_in_one_direction(feature: str, unknown: str) -> None:
    for path in (BACKEND / "tracker" / feature).glob("*.py"):
        assert not [module for module in imports(path) if module.startswith(f"tracker.{unknown}")], named(path)


def environment_uses(tree: ast.Module) -> list[ast.Attribute]:
    """Where the code takes ``os.environ`` or ``os.getenv``."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        and node.attr in ("environ", "getenv", "putenv")
    ]


@pytest.mark.parametrize("path", [*SOURCES, *PROGRAMS], ids=named)
def test_settings_are_read_in_one_place(path: Path) -> None:
    tree = parsed(path)
    assert not [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "os"
        and {"environ", "getenv"} & {a.name for a in node.names}
    ]
    if path.name == "config.py":
        assert environment_uses(tree)
        return
    # Handing the whole environment on to a program, with something added, reads no setting.
    handed_on = {
        id(value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if key is None
    }
    assert [use.lineno for use in environment_uses(tree) if id(use) not in handed_on] == []


# What has to stand whatever becomes of the request: an attempt to sign in, and that a session or a token was used.
COMMITS_BEFORE = ("tracker/accounts/operations.py", "tracker/accounts/throttle.py", "tracker/callers.py")


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in SOURCES
        if path.stem != "idempotency" and "demo" not in path.parts and named(path) not in COMMITS_BEFORE
    ],
    ids=named,
)
def test_writes_are_committed_in_one_place(path: Path) -> None:
    """One transaction for a request; what runs before the server (a connection of its own) is not the session."""
    commits = [
        ast.unparse(node.func)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]
    assert [call for call in commits if "session" in call or path.name not in ("startup.py", "backups.py")] == []


@pytest.mark.parametrize("path", [path for path in SOURCES if "demo" not in path.parts], ids=named)
def test_nothing_depends_on_the_demo(path: Path) -> None:
    assert [module for module in imports(path) if module.startswith("tracker.demo")] == []


def test_only_one_module_makes_error_bodies() -> None:
    """The media type of a problem is written down once, and used to document answers or to render them."""
    assert [named(path) for path in SOURCES if 'application/problem+json"' in path.read_text()] == [
        "tracker/problems.py"
    ]
