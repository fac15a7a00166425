"""What the documents promise to list, they list."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from app.problem_kinds import PROBLEMS
from app.settings import Settings

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_every_setting_is_documented() -> None:
    listed = set(re.findall(r"^\| `VEFA_(\w+)` \|", (ROOT / "docs/operating.md").read_text(), re.MULTILINE))
    assert listed == {name.upper() for name in Settings.model_fields}


def test_every_problem_code_has_advice() -> None:
    assert all(kind.title and kind.advice and 400 <= kind.status < 600 for kind in PROBLEMS.values())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_are_named_exist(document: Path) -> None:
    for name in re.findall(
        r"`((?:app|tests|docs|benchmarks|migrations|\.ci)/[\w./-]+)`", document.read_text()
    ):
        assert "things" in name or (ROOT / name).exists(), name


def test_the_proxy_of_the_documentation_is_one_that_nginx_reads(tmp_path: Path) -> None:
    nginx, openssl = shutil.which("nginx"), shutil.which("openssl")
    if nginx is None or openssl is None:
        pytest.skip("unproved: nginx and openssl are not installed")
    [example] = re.findall(r"```nginx\n(.*?)```", (ROOT / "docs/operating.md").read_text(), re.DOTALL)
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    made = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        key,
        "-out",
        certificate,
        "-subj",
        "/CN=a",
    ]
    subprocess.run([openssl, *made], check=True, capture_output=True)
    for named, here in (("/etc/ssl/vefa.pem", certificate), ("/etc/ssl/private/vefa.key", key)):
        assert named in example
        example = example.replace(named, str(here))
    folders = "".join(f"{name}_temp_path {tmp_path / name};" for name in ("client_body", "proxy"))
    config = tmp_path / "nginx.conf"
    config.write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/errors; events {{}}\n"
        f"http {{ access_log {tmp_path}/log; {folders}\n{example}}}\n"
    )
    tried = subprocess.run([nginx, "-t", "-c", config], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
