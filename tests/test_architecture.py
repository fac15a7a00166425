"""Who may import whom (docs/architecture.md), proved on the source, and proved to notice each break."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

APP = Path(__file__).parents[1] / "app"

# What each part of app/ may import from app/. A module directly under app/ is a part of its own.
ALLOWED = {
    "errors": set(),
    "problem_kinds": set(),
    "logs": set(),
    "domain": {"domain"},
    "texts": {"domain"},
    "settings": {"domain"},
    "schemas": {"schemas", "domain"},
    "store": {"store", "domain", "errors"},
    "services": {"services", "store", "schemas", "domain", "errors", "texts"},
    "http": {"http", "services", "store", "schemas", "domain", "errors", "problem_kinds", "texts"},
    "api": {"api", "http", "services", "store", "schemas", "domain", "errors", "texts"},
    "jobs": {"jobs", "services", "store", "schemas", "domain", "errors", "settings", "texts", "integrations"},
    "integrations": {"integrations", "domain"},
    "main": {"api", "http", "services", "store", "domain", "errors", "settings", "jobs", "integrations"},
    "demo": {"demo", "services", "store", "schemas", "domain", "errors"},
    "cli": {
        "cli",
        "main",
        "http",
        "demo",
        "logs",
        "jobs",
        "services",
        "store",
        "schemas",
        "domain",
        "errors",
        "settings",
        "integrations",
    },
}
FOREIGN = {
    "domain": {
        "sqlalchemy",
        "fastapi",
        "starlette",
        "pydantic",
        "httpx",
        "httpx2",
        "aiohttp",
        "alembic",
        "dbos",
    },
    "integrations": {"sqlalchemy", "fastapi", "starlette", "pydantic"},
    "schemas": {"sqlalchemy", "fastapi", "starlette"},
    "store": {"pydantic", "fastapi", "starlette"},
    "services": {"fastapi", "starlette"},
    "http": {"sqlalchemy", "alembic", "dbos"},
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
        for package, name in imported(self.tree):
            full = f"{package}.{name}"
            yield full if name and full in self.known else package


@cache
def imported(tree: ast.Module) -> list[tuple[str, str]]:
    """What a module imports: packages, and names out of packages."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found += [(node.module, alias.name) for alias in node.names]
    return found


def parse(sources: Mapping[str, str]) -> list[Module]:
    known = frozenset(sources)
    return [Module(name, parsed(text), known) for name, text in sources.items()]


@cache
def parsed(text: str) -> ast.Module:
    return ast.parse(text)


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
    found += [f"circle: {' -> '.join(circle)}" for circle in _circles(modules)]
    return found + [line for layer in ALLOWED for line in _group_circles(modules, layer)]


def group_graph(modules: list[Module], layer: str) -> dict[str, set[str]]:
    """Which groups of a layer use which others. A group is a folder of the layer, or a file right in it."""
    graph: dict[str, set[str]] = {}
    for module in modules:
        if module.part == layer and module.name.count(".") >= 2:
            used = {
                name.split(".")[2]
                for name in module.imports()
                if name in module.known and name.startswith(f"app.{layer}.")
            }
            graph.setdefault(module.name.split(".")[2], set()).update(used)
    return {group: used - {group} for group, used in graph.items()}


def _group_circles(modules: list[Module], layer: str) -> Iterator[str]:
    try:
        TopologicalSorter(group_graph(modules, layer)).prepare()
    except CycleError as error:
        yield f"circle of groups in {layer}: {' -> '.join(error.args[1])}"


def _is_pickle_type(node: ast.AST) -> bool:
    if isinstance(node, ast.alias):
        return node.name == "PickleType"
    return isinstance(node, ast.Attribute) and node.attr == "PickleType"


def _runs_text(call: ast.Call) -> bool:
    """Whether a call may run code out of data: eval, exec, or numpy's load without ``allow_pickle=False``."""
    if isinstance(call.func, ast.Name):
        return call.func.id in ("eval", "exec")
    if not (isinstance(call.func, ast.Attribute) and ast.unparse(call.func) in ("np.load", "numpy.load")):
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
    yield from _calls(module.name, module.part, module.tree)
    if module.part not in ALLOWED and module.name != "app":
        yield f"{module.name} is in no known part"


@cache
def _calls(name: str, part: str, tree: ast.Module) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if _is_pickle_type(node) or (isinstance(node, ast.Call) and _runs_text(node)):
            found.append(f"{name} runs what it reads")
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        called = node.func.attr
        if called in ("commit", "rollback") and name not in MAY_COMMIT:
            found.append(f"{name} calls {called}")
        if called in CLOCKS and part == "domain" and not node.args:
            found.append(f"{name} reads the clock")
    return found


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
    assert {"domain", "schemas", "store", "services", "http", "api", "jobs", "demo", "cli", "main"} <= counted
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
        ("app.services.x", "from app.http import call"),
        ("app.services.x", "def f():\n    from fastapi import Request"),
        ("app.services.x", "def f(tx):\n    tx.commit()"),
        ("app.services.x", "from app.settings import Settings"),
        ("app.api.x", "from sqlalchemy import select"),
        ("app.api.x", "from app.jobs import score"),
        ("app.api.x", "def f(tx):\n    tx.rollback()"),
        ("app.jobs.x", "from app.http import call"),
        ("app.errors", "import fastapi"),
        ("app.store.x", "import pickle"),
        ("app.store.x", "from sqlalchemy import PickleType"),
        ("app.jobs.x", "def f():\n    from joblib import load"),
        ("app.services.x", "def f(text):\n    return eval(text)"),
        ("app.store.x", "def f(file):\n    return np.load(file)"),
        ("app.store.x", "def f(file):\n    return np.load(file, allow_pickle=True)"),
        ("app.http.x", "from app.api.platform import jobs"),
        ("app.services.x", "from app.demo import load"),
        ("app.services.platform.x", "from app.services.surveys import surveys"),
        ("app.helpers", "x = 1"),
    ],
)
def test_each_planted_break_is_noticed(module: str, line: str) -> None:
    assert violations({**real_sources(), module: line}) != []


def test_a_planted_circle_is_noticed() -> None:
    planted = {"app.services.x": "from app.services import y", "app.services.y": "from app.services import x"}
    assert any(line.startswith("circle") for line in violations({**real_sources(), **planted}))


def test_services_are_few_groups_with_few_arrows_between_them() -> None:
    graph = group_graph(parse(real_sources()), "services")
    assert len(graph) <= 14
    assert sum(map(len, graph.values())) <= 40, graph


def test_files_and_folders_stay_small() -> None:
    long = {name: text.count("\n") for name, text in real_sources().items() if text.count("\n") > 400}
    full = Counter(str(path.parent.relative_to(APP)) for path in APP.rglob("*.py"))
    assert long == {}
    assert {folder: files for folder, files in full.items() if files > 20} == {}


ODD_WORDS = re.compile(r"(?<![a-z])(told|anew|whoever|foretold)(?![a-z])", re.IGNORECASE)
"""Words that nobody would search for, in a name or in the first line of a docstring."""


def odd_words(sources: Mapping[str, str]) -> Iterator[str]:
    """Names and first docstring lines with one of the `ODD_WORDS`."""
    for module, text in sources.items():
        for node in ast.walk(parsed(text)):
            match node:
                case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
                    lines = [name]
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    lines = [name, *(ast.get_docstring(node) or "").split("\n")[:1]]
                case ast.Module():
                    lines = (ast.get_docstring(node) or "").split("\n")[:1]
                case _:
                    continue
            yield from (f"{module}: {line}" for line in lines if ODD_WORDS.search(line.replace("_", " ")))


ON_THE_WIRE = {"app.schemas.scoring.lifetime_value: told"}
"""Members of answers that callers know by such a name."""


def test_names_and_first_lines_are_plain_words() -> None:
    assert sorted(set(odd_words(real_sources())) ^ ON_THE_WIRE) == []
    planted = {"app.a": "def told_by(): ...", "app.b": '"""Read anew."""', "app.c": "x.foretold"}
    assert len(list(odd_words(planted))) == 3
