"""The container image is made of what was looked at: a base by digest, packages by hash."""

import re
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
HASHED = (ROOT / ".ci/image-requirements.txt").read_text(encoding="utf-8")


def pins(text: str) -> dict[str, str]:
    """Version of each package that a file of ``name==version`` lines names."""
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*])?==([^\s;\\]+)", text, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def needed(package: str, extras: frozenset[str] = frozenset()) -> set[str]:
    """The packages that one needs on this platform, directly and through others."""
    found: set[str] = set()
    waiting = [(package, extras)]
    while waiting:
        name, wanted = waiting.pop()
        for text in requires(name) or ():
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is not None and not any(marker.evaluate({"extra": extra}) for extra in wanted | {""}):
                continue
            key = canonicalize_name(requirement.name)
            if key not in found or requirement.extras:
                waiting.append((key, frozenset(requirement.extras)))
            found.add(key)
    return found


def test_every_package_of_the_image_has_hashes() -> None:
    blocks = [block for block in re.split(r"\n(?=\S)", HASHED.strip()) if not block.startswith("#")]
    assert len(blocks) > 40
    for block in blocks:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block.partition(" ")[0]
    assert "://" not in HASHED, "the file names no address"


def test_the_image_has_the_tested_versions() -> None:
    tested = pins((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    image = pins(HASHED)
    assert {name: version for name, version in image.items() if tested.get(name, version) != version} == {}


def test_no_package_is_missing_in_the_image() -> None:
    assert needed("vefa") - set(pins(HASHED)) == set()
    assert "setuptools" in pins(HASHED), "which builds the project without fetching anything"


def test_the_base_is_named_by_digest() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^ARG PYTHON=python:3\.11-slim-bookworm@sha256:[0-9a-f]{64}$", dockerfile, re.MULTILINE)
    assert set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)) == {"${PYTHON}"}
    assert "--require-hashes" in dockerfile
