"""Who may import whom (docs/architecture.md), proved on the source, and proved to notice each break."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import pytest

APP = Path(__file__).parents[1] / "app"

# What each part of app/ may import from app/. A module directly under app/ is a part of its own.
ALLOWED = {
    "errors": set(),
    "texts": set(),
    "logs": set(),
    "connection_ceiling": set(),
    "http_server": {"errors", "connection_ceiling"},
    "domain": {"domain"},
    "settings": {"domain"},
    "schemas": {"schemas", "domain"},
    "store": {"store", "domain", "errors"},
    "services": {"services", "store", "schemas", "domain", "errors"},
    "api": {"api", "services", "store", "schemas", "domain", "errors", "texts"},
    "jobs": {"jobs", "services", "store", "schemas", "domain", "errors", "settings", "texts", "integrations"},
    "main": {"api", "services", "store", "domain", "errors", "settings", "jobs"},
    "cli": {
        "cli",
        "main",
        "http_server",
        "connection_ceiling",
        "logs",
        "jobs",
        "services",
        "store",
        "schemas",
        "domain",
        "errors",
        "settings",
    },
}
FOREIGN = {
    "domain": {"sqlalchemy", "fastapi", "starlette", "pydantic", "httpx", "httpx2", "alembic", "dbos"},
    "schemas": {"sqlalchemy", "fastapi", "starlette"},
    "store": {"pydantic", "fastapi", "starlette"},
    "services": {"fastapi", "starlette"},
    "api": {"sqlalchemy", "alembic", "dbos"},
    "errors": {"sqlalchemy", "fastapi", "starlette", "pydantic"},
}
MAY_COMMIT = {"app.store.engine", "app.store.sqlite_writer"}
RUN_WHAT_THEY_READ = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "runpy"}
CLOCKS = {"now", "today", "utcnow", "time", "monotonic", "perf_counter"}


@dataclass(frozen=True)
class Module:
    """One module of app/, parsed."""

    name: str
    tree: ast.Module
    known: frozenset[str]

    @property
    def part(self) -> str:
        return self.name.split(".")[1] if "." in self.name else "app"

    def imports(self) -> Iterator[str]:
        """Full names of imported modules, those inside functions too."""
        for node in looked_at(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                for alias in node.names:
                    full = f"{node.module}.{alias.name}"
                    yield full if full in self.known else node.module


def parse(sources: Mapping[str, str]) -> list[Module]:
    known = frozenset(sources)
    return [Module(name, parsed(text), known) for name, text in sources.items()]


@cache
def parsed(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def looked_at(tree: ast.Module) -> list[ast.AST]:
    """The nodes that a rule is about."""
    kinds = (ast.Import, ast.ImportFrom, ast.alias, ast.Attribute, ast.Call)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


@lru_cache(maxsize=1)
def real_sources() -> dict[str, str]:
    found = {}
    for path in sorted(APP.rglob("*.py")):
        parts = ["app", *path.relative_to(APP).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text()
    return found


def violations(sources: Mapping[str, str]) -> list[str]:
    """Every break of the rules, as one line each."""
    modules = parse(sources)
    found = [line for module in modules for line in _of_one(module)]
    return found + [f"circle: {' -> '.join(circle)}" for circle in _circles(modules)]


def _is_pickle_type(node: ast.AST) -> bool:
    if isinstance(node, ast.alias):
        return node.name == "PickleType"
    return isinstance(node, ast.Attribute) and node.attr == "PickleType"


def _runs_text(call: ast.Call) -> bool:
    """Whether a call may run code out of data: eval, exec, or numpy's load without ``allow_pickle=False``."""
    if isinstance(call.func, ast.Name):
        return call.func.id in ("eval", "exec")
    if not (isinstance(call.func, ast.Attribute) and call.func.attr == "load"):
        return False
    if ast.unparse(call.func) not in ("np.load", "numpy.load"):
        return False
    said = {word.arg: word.value for word in call.keywords}.get("allow_pickle")
    return not (isinstance(said, ast.Constant) and said.value is False)


def _of_one(module: Module) -> Iterator[str]:
    for name in module.imports():
        root, *rest = name.split(".")
        if root == "app" and rest and module.part in ALLOWED and rest[0] not in ALLOWED[module.part]:
            yield f"{module.name} imports {name}"
        if root in FOREIGN.get(module.part, set()):
            yield f"{module.name} imports {name}"
        if root in RUN_WHAT_THEY_READ:
            yield f"{module.name} imports {name}, so that what is stored could be run"
    for node in looked_at(module.tree):
        if _is_pickle_type(node) or (isinstance(node, ast.Call) and _runs_text(node)):
            yield f"{module.name} runs what it reads"
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        called = node.func.attr
        if called in ("commit", "rollback") and module.name not in MAY_COMMIT:
            yield f"{module.name} calls {called}"
        if called in CLOCKS and module.part == "domain" and not node.args:
            yield f"{module.name} reads the clock"
    if module.part not in ALLOWED and module.name != "app":
        yield f"{module.name} is in no known part"


def _circles(modules: list[Module]) -> Iterator[list[str]]:
    """Circles of imports between modules of the same part."""
    graph = {
        module.name: {
            name
            for name in module.imports()
            if name in module.known and name.split(".")[1:2] == [module.part]
        }
        - {module.name}
        for module in modules
    }
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> Iterator[list[str]]:
        if name in path:
            yield [*path[path.index(name) :], name]
            return
        if name in done:
            return
        for following in sorted(graph[name]):
            yield from walk(following, [*path, name])
        done.add(name)

    for name in sorted(graph):
        yield from walk(name, [])


def test_the_source_keeps_the_rules() -> None:
    sources = real_sources()
    assert violations(sources) == []
    counted = {module.part for module in parse(sources)}
    assert {"domain", "schemas", "store", "services", "api", "jobs", "cli", "main"} <= counted
    assert sum(1 for module in parse(sources) for name in module.imports() if name.startswith("app.")) > 200


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("app.domain.x", "from app.store import engine"),
        ("app.domain.x", "import sqlalchemy"),
        ("app.domain.x", "from pydantic import BaseModel"),
        ("app.domain.x", "def f():\n    import fastapi"),
        ("app.domain.x", "from datetime import datetime\ndatetime.now()"),
        ("app.schemas.x", "from app.services import customers"),
        ("app.store.x", "from app.services import customers"),
        ("app.store.x", "import pydantic"),
        ("app.store.x", "from app.settings import Settings"),
        ("app.services.x", "from app.api import deps"),
        ("app.services.x", "def f():\n    from fastapi import Request"),
        ("app.services.x", "def f(tx):\n    tx.commit()"),
        ("app.services.x", "from app.settings import Settings"),
        ("app.api.x", "from sqlalchemy import select"),
        ("app.api.x", "from app.jobs import score"),
        ("app.api.x", "def f(tx):\n    tx.rollback()"),
        ("app.jobs.x", "from app.api import deps"),
        ("app.errors", "import fastapi"),
        ("app.store.x", "import pickle"),
        ("app.store.x", "from sqlalchemy import PickleType"),
        ("app.jobs.x", "def f():\n    from joblib import load"),
        ("app.services.x", "def f(text):\n    return eval(text)"),
        ("app.store.x", "def f(file):\n    return np.load(file)"),
        ("app.store.x", "def f(file):\n    return np.load(file, allow_pickle=True)"),
        ("app.helpers", "x = 1"),
    ],
)
def test_each_planted_break_is_noticed(module: str, line: str) -> None:
    assert violations({**real_sources(), module: line}) != []


def test_a_planted_circle_is_noticed() -> None:
    planted = {"app.services.x": "from app.services import y", "app.services.y": "from app.services import x"}
    assert any(line.startswith("circle") for line in violations({**real_sources(), **planted}))
