"""Makes the page of formulas: ``python -m tests.refresh_formulas``.

What `app.domain.methods` says of each method goes into docs/formulas.md, in the section that the method
names, between the lines `BEGIN` and `END`. The page that is served is made of that document.
"""

import re
from collections import Counter
from collections.abc import Iterator
from html import escape
from itertools import pairwise
from pathlib import Path
from textwrap import fill

from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.domain.methods import METHODS, Method

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "docs/formulas.md"
PAGE = ROOT / "app/formulas.html"
BEGIN, END = "<!-- methods -->", "<!-- end of methods -->"


def anchor(heading: str) -> str:
    """The fragment of a heading, as code hosting sites make it.

    >>> anchor("How firm the tiers are"), anchor("Expectation-adjusted satisfaction")
    ('how-firm-the-tiers-are', 'expectation-adjusted-satisfaction')
    """
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def with_methods(text: str) -> str:
    """The document with the methods of each section between its marks.

    Raises:
        ValueError: a section that a method names has no marks, or one that none names has them.
    """
    shared = Counter(limit for method in METHODS.values() for limit in method.limits)
    by_section: dict[str, list[str]] = {}
    for method in METHODS.values():
        by_section.setdefault(method.documentation.partition("#")[2], []).append(_entry(method, shared))
    parts = re.split(r"(?m)^(#+ .+\n)", text)
    for place in range(1, len(parts), 2):
        section = anchor(parts[place].lstrip("#").strip())
        entries = by_section.pop(section, [])
        before, _, rest = parts[place + 1].partition(f"{BEGIN}\n")
        _, end, after = rest.partition(END)
        if bool(end) != bool(entries):
            there = "there" if end else "not there"
            raise ValueError(f"{section}: {len(entries)} methods, and the marks are {there}")
        if entries:
            parts[place + 1] = "\n".join([before + BEGIN, *entries, END + after])
    if by_section:
        raise ValueError(f"no such sections: {sorted(by_section)}")
    return "".join(parts)


def _entry(method: Method, shared: Counter[str]) -> str:
    """One method as an item of a list. Limits that several methods have are written by hand, once."""
    if method.low is None:
        bounds = method.unit
    elif method.high is None:
        bounds = f"{method.unit}, {method.low:g} or more"
    else:
        bounds = f"{method.unit}, {method.low:g} to {method.high:g}"
    own = " ".join(limit for limit in method.limits if shared[limit] == 1)
    text = f"- **`{method.code}`** ({bounds}): `{method.formula}`."
    if method.source != "Vefa":
        text += f" Source: {method.source}."
    if own:
        text += f" *Limits.* {own}"
    return fill(text, 118, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


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
        elif opening.type == "html_block":
            opening.content = ""  # marks of what is generated
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
    """Write the document and the page."""
    text = with_methods(SOURCE.read_text(encoding="utf-8"))
    SOURCE.write_text(text, encoding="utf-8")
    PAGE.write_text(rendered(text), encoding="utf-8")


if __name__ == "__main__":
    main()
