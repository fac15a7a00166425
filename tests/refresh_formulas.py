"""Makes the page of formulas that is served of docs/formulas.md: ``python -m tests.refresh_formulas``."""

import re
from collections.abc import Iterator
from html import escape
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "docs/formulas.md"
PAGE = ROOT / "app/formulas.html"


def anchor(heading: str) -> str:
    """The fragment of a heading, as code hosting sites make it.

    >>> anchor("How firm the tiers are"), anchor("Expectation-adjusted satisfaction")
    ('how-firm-the-tiers-are', 'expectation-adjusted-satisfaction')
    """
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def rendered(text: str) -> str:
    """The body of the page: contents first, an id at every heading, tables that can be moved sideways.

    >>> print(rendered("# Title\\n\\n## One `x`\\n\\nSee [two](two.md)."), end="")
    <h1 id="title">Title</h1>
    <nav><ul><li><a href="#one-x">One x</a></li></ul></nav>
    <h2 id="one-x">One <code>x</code></h2>
    <p>See two (<code>docs/two.md</code>).</p>
    """
    markdown = MarkdownIt("commonmark").enable("table")
    tokens = markdown.parse(text)
    headings = []
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            words = "".join(part.content for part in inline.children or ())
            opening.attrSet("id", anchor(words))
            headings.append((opening.tag, words))
        elif opening.type == "table_open":
            opening.attrSet("tabindex", "0")  # so that it can be moved with keys
        elif opening.type == "inline":
            opening.children = [*_without_files(opening.children or [])]
    body = markdown.renderer.render(tokens, markdown.options, {})
    first, rest = body.split("\n", 1)
    return f"{first}\n{_contents(headings)}\n{rest}"


def _contents(headings: list[tuple[str, str]]) -> str:
    """Links to the sections, and below each to its subsections."""
    items = ""
    for tag, words in headings[1:]:
        link = f'<a href="#{anchor(words)}">{escape(words)}</a>'
        if tag == "h2":
            items += f"<li>{link}</li>"
        elif items.endswith("</ul></li>"):
            items = items.removesuffix("</ul></li>") + f"<li>{link}</li></ul></li>"
        else:
            items = items.removesuffix("</li>") + f"<ul><li>{link}</li></ul></li>"
    return f"<nav><ul>{items}</ul></nav>"


def _without_files(parts: list[Token]) -> Iterator[Token]:
    """The parts of a text; in place of links to files, which are not served, come the files' names."""
    file = ""
    for part in parts:
        target = str(part.attrGet("href") or "")
        if part.type == "link_open" and not target.startswith("#"):
            file = target
        elif part.type == "link_close" and file:
            yield Token("text", "", 0, content=" (")
            yield Token("code_inline", "code", 0, content=f"docs/{file}")
            yield Token("text", "", 0, content=")")
            file = ""
        else:
            yield part


def main() -> None:
    """Write the page."""
    PAGE.write_text(rendered(SOURCE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
