"""What the README shows is what the demo answers: each curl line is run, and its answer compared.

An answer is shown whole, or with ``...`` where members or elements are left out. A number is shown with as
many decimals as matter. Of ids and numbers of complaints only the form is compared, of times of recording
nothing. After a change of the demo, ``python -m tests.refresh_readme`` puts in what it answers now.
"""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app.cli.commands import app
from app.cli.demo import SECRET, TOKEN
from app.main import create_app
from app.settings import Settings

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```sh\n(curl .*?)\n```\n```(?:json)?\n(.*?)\n```", README, re.DOTALL)
VARYING = {
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",  # ids
    r"[2-9A-Z]{4}-[2-9A-Z]{4}",  # numbers of complaints
}
RECORDED = {"recorded_at", "created_at", "updated_at", "received_at", "answered_at"}


@pytest.fixture
def client(tmp_path: Path, documented_demo: Path) -> Iterator[TestClient]:
    """The demo that the README speaks of."""
    file = tmp_path / "demo.db"
    file.write_bytes(documented_demo.read_bytes())
    settings = Settings(database_url=f"sqlite:///{file}", secret=SECRET)
    with TestClient(create_app(settings), base_url="http://localhost:8000") as made:
        yield made


def request_of(command: str) -> dict[str, Any]:
    """What a curl line sends."""
    _curl, *words = shlex.split(command.replace("$KEY", f"Authorization: Bearer {TOKEN}"))
    request: dict[str, Any] = {"method": "GET", "headers": {}}
    while words:
        word = words.pop(0)
        if word == "-H":
            name, _, value = words.pop(0).partition(": ")
            request["headers"][name] = value
        elif word == "-d":
            request |= {"method": "POST", "content": words.pop(0)}
        elif word != "-s":
            request["url"] = f"http://{word}"
    return request


def shown_of(text: str) -> Any:
    """An answer as it is shown; ``...`` becomes a member or an element of that name."""
    text = re.sub(r"\.\.\.(?=\s*\])", '"..."', text)
    return json.loads(re.sub(r"\.\.\.(?=\s*\})", '"...": null', text))


def same(shown: Any, answered: Any) -> bool:
    """Whether a value that is shown is the one that was answered."""
    if isinstance(shown, float) and isinstance(answered, float):
        return rounded_like(shown, answered) == shown
    return shown == answered or any(
        re.fullmatch(form, str(shown)) and re.fullmatch(form, str(answered)) for form in VARYING
    )


def rounded_like(shown: float, answered: float) -> float:
    """A number with as many decimals as the one that is shown has."""
    return round(answered, len(repr(shown).partition(".")[2]))


def differences(shown: Any, answered: Any, place: str = "") -> Iterator[str]:
    """Where what is shown is not what was answered."""
    if isinstance(shown, dict) and isinstance(answered, dict):
        left_out = answered.keys() - shown.keys()
        if left_out and "..." not in shown:
            yield f"{place}: {sorted(left_out)} are left out without a word"
        for name in shown.keys() - {"..."}:
            if name not in answered:
                yield f"{place}/{name}: there is no such member"
            elif name not in RECORDED:
                yield from differences(shown[name], answered[name], f"{place}/{name}")
    elif isinstance(shown, list) and isinstance(answered, list):
        told = [one for one in shown if one != "..."]
        if len(told) != len(answered) and (len(told) > len(answered) or "..." not in shown):
            yield f"{place}: {len(answered)} elements"
        for index, (one, other) in enumerate(zip(told, answered, strict=False)):
            yield from differences(one, other, f"{place}/{index}")
    elif not same(shown, answered):
        yield f"{place}: shown {shown!r}, answered {answered!r}"


def test_the_readme_shows_what_the_demo_answers(client: TestClient) -> None:
    wrong = []
    for command, text in EXAMPLES:
        answered = client.request(**request_of(command)).json()
        wrong += [f"{command}: {one}" for one in differences(shown_of(text), answered)]
    assert wrong == []
    assert len(EXAMPLES) == README.count("\ncurl ") > 6


def test_what_is_not_so_is_noticed() -> None:
    answered = {"a": 1, "b": [1, 2], "c": {"d": "x"}}
    for text in ('{"a": 1}', '{"a": 2, ...}', '{"b": [1], ...}', '{"b": [2, ...], ...}', '{"e": 1, ...}'):
        assert list(differences(shown_of(text), answered)), text
    for text in ('{"a": 1, ...}', '{"b": [1, ...], "c": {...}, ...}', json.dumps(answered)):
        assert list(differences(shown_of(text), answered)) == [], text


def test_a_number_may_be_shown_with_fewer_decimals_but_not_with_others() -> None:
    for shown in (0.743561, 0.74, 0.744, 0.7):
        assert list(differences(shown, 0.743561)) == []
    for shown in (0.75, 0.743, 0.8, 1.0):
        assert list(differences(shown, 0.743561)) != []


def test_the_commands_that_take_in_the_example_files_run_as_they_stand(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parents[1])
    printed = []
    for command in re.findall(r"^\.venv/bin/vefa (import .*)$", README, re.MULTILINE):
        environment = {"VEFA_DATABASE_URL": settings.database_url, "COLUMNS": "200"}
        result = CliRunner().invoke(app, shlex.split(command), env=environment)
        assert result.exit_code == 0, result.output
        printed.append(result.stdout)
    calls, orders = printed
    assert "4 rows in = 4 stored + 0 repeated + 0 refused\ncustomers created: 4" in calls
    assert "4 rows in = 4 stored + 0 repeated + 0 refused\ncustomers created: 0" in orders
    assert "records of these rows: 3" in orders
