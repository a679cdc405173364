"""The pages in docs/: their Python runs, and their links lead somewhere."""

import re

import pytest
from helpers.places import ROOT
from helpers.programs import run_python

#: Pages whose Python is one program, in the order of the page.
PROGRAMS = ["caching", "free-threading", "parallel-loops", "tutorial"]
PAGES = sorted([*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md")])


def anchors(page):
    """The anchors of the headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    words = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in words}


@pytest.mark.parametrize("name", PROGRAMS)
def test_python(name):
    text = (ROOT / "docs" / f"{name}.md").read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert blocks
    run_python("\n".join(blocks))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links(page):
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page if not path else page.parent / path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken
