"""Real shops through the real commands: the blocks of docs/backtests.md, run on both databases."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from doc_commands import blocks, run

DOCUMENT = Path(__file__).parents[1] / "docs" / "backtests.md"
PRINTED = 5e-4  # half a unit of the last digit that the page shows


@pytest.fixture
def environment(database_url: str, reference_data: Path) -> dict[str, str]:
    return {"VEFA_DATABASE_URL": database_url, "VEFA_REFERENCE_DATA": str(reference_data)}


def figures_of_the_page() -> list[dict[str, list[float | None]]]:
    """For each backtest of the table: model -> AUC, lift, Brier and calibration error."""
    found: list[dict[str, list[float | None]]] = []
    shops = DOCUMENT.read_text().partition("\n## ")[0]
    for line in re.findall(r"^\| (.*) \|$", shops, re.MULTILINE)[1:]:
        day, _, model, *figures = (cell.strip() for cell in f" {line}".split("|"))
        if day:
            found.append({})
        found[-1][model] = [None if figure == "-" else float(figure) for figure in figures]
    return found


def results(outputs: list[str]) -> list[Any]:
    return [json.loads(output)["result"] for output in outputs if output.startswith("{")]


def assert_as_printed(result: Any, page: dict[str, list[float | None]]) -> None:
    for one in result["models"]:
        is_published = one["code"] == result["published"]
        auc, lift, brier, ece = page[f"{one['code']} (published)" if is_published else one["code"]]
        metrics = one["metrics"]
        assert metrics["auc"] == pytest.approx(auc, abs=PRINTED)
        assert metrics["lift10"] == pytest.approx(lift, abs=10 * PRINTED)
        if brier is not None:
            assert metrics["brier"] == pytest.approx(brier, abs=PRINTED)
            assert metrics["ece"] == pytest.approx(ece, abs=PRINTED)


def published(result: Any) -> Any:
    return next(one["metrics"] for one in result["models"] if one["code"] == result["published"])


def totals_of_the_page() -> dict[tuple[str, int], list[float]]:
    """For each total of the table, by day and horizon: F, level, total, both ends and what was realised."""
    section = DOCUMENT.read_text().partition("\n## Lifetime value")[2].partition("\n## ")[0]
    found = {}
    for line in re.findall(r"^\| (.*\d.*) \|$", section, re.MULTILINE):
        day, days, *figures, _ = (cell.strip() for cell in line.split("|"))
        found[day, int(days)] = [float(figure.replace(",", "")) for figure in figures]
    return found


def assert_total_as_printed(result: Any, page: list[float]) -> None:
    found = result["lifetime_value"]
    ends = (found["interval"][end] for end in ("low", "high"))
    money = (found["forecast"], found["total"], *ends, found["realised"])
    forecast, level, *others = page
    assert [float(one["amount"]) for one in money] == pytest.approx([forecast, *others], rel=1e-4)
    assert found["level"] == pytest.approx(level, abs=PRINTED)
    assert found["covered"] is True


def test_online_retail(environment: dict[str, str]) -> None:
    september, june = results(list(run(blocks(document=DOCUMENT)[0], environment)))
    for result, page in zip((september, june), figures_of_the_page(), strict=False):
        assert_as_printed(result, page)
    assert_total_as_printed(september, totals_of_the_page()["Online Retail, 9 Sep 2011", 91])
    assert published(september)["auc"] >= 0.733
    assert published(september)["brier"] <= 0.217
    assert published(june)["auc"] >= 0.750
    assert published(june)["brier"] <= 0.205


def test_cdnow(environment: dict[str, str]) -> None:
    [result] = results(list(run(blocks(document=DOCUMENT)[1], environment)))
    assert_as_printed(result, figures_of_the_page()[2])
    assert_total_as_printed(result, totals_of_the_page()["CDNOW, 30 Sep 1997", 273])
    metrics = published(result)
    assert metrics["auc"] >= 0.775
    assert metrics["lift10"] >= 1.27
    assert metrics["brier"] <= 0.160
