"""The published notebooks as sources of the site: what is hidden in JupyterLab is folded here too,
and terms lead to the glossary.
"""

import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_utils.cli.html import folded

BOLD = re.compile(r"\*\*([^*`\n]+)\*\*")
CLAIM = re.compile(r"\s*<!-- claim: .+? -->")
PLACES = {  # files that lessons lead to, and the site's pages in their place
    "../README.md": "../index.md",
    "../RESULTS.md": "../results.md",
    "../data/README.md": "../running.md#data",
}


def write_notebooks(source: Path, target: Path, glossary: Path) -> None:
    """Write the lessons of `source` into `target` as myst-nb wants them, where they differ."""
    terms = glossary_terms(glossary.read_text(encoding="utf-8"))
    target.mkdir(exist_ok=True)
    lessons = sorted(source.glob("[0-9][0-9]_*.ipynb"))
    for stale in set(target.glob("*.ipynb")) - {target / path.name for path in lessons}:
        stale.unlink()
    for path in lessons:
        notebook = nbformat.read(path, as_version=4)
        text = nbformat.writes(for_site(notebook, terms)) + "\n"
        written = target / path.name
        if not written.exists() or written.read_text(encoding="utf-8") != text:
            written.write_text(text, encoding="utf-8")  # else Sphinx would read it again


def glossary_terms(text: str) -> dict[str, str]:
    """The terms of the glossary's Markdown: lower case to the first name of their entry."""
    body = re.search(r"^:{3,}\{glossary\}\n(.*?)^:{3,}$", text, re.DOTALL | re.MULTILINE)
    if body is None:
        raise ValueError("the glossary has no block :::{glossary}")
    terms = {}
    for entry in re.split(r"\n\s*\n", body[1].strip()):
        names = [line for line in entry.splitlines() if not line.startswith((":", " "))]
        terms |= {name.lower(): names[0] for name in names}
    return terms


def find_term(words: str, terms: dict[str, str]) -> str | None:
    """The glossary's name for a word in bold, in the plural too; None if it is no term."""
    name = " ".join(words.lower().split()).strip(".:")
    endings = [name, name.removesuffix("s"), name.removesuffix("es")]
    return next((terms[form] for form in endings if form in terms), None)


def for_site(notebook: NotebookNode, terms: dict[str, str]) -> NotebookNode:
    """The notebook with folded cells, alt texts and links, changed in place."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = link_terms(CLAIM.sub("", cell.source), terms)
            for old, new in PLACES.items():
                cell.source = cell.source.replace(f"]({old}", f"]({new}")
        elif cell.cell_type == "code":
            fold(cell)
            cell.metadata["alts"] = [
                output.metadata.get("image/png", {}).get("alt", "")
                for output in cell.outputs
                if "image/png" in output.get("data", {})
            ]
    return notebook


def link_terms(text: str, terms: dict[str, str]) -> str:
    """Each term in bold, once a cell, as a link to its entry."""

    def link(match: re.Match[str]) -> str:
        term = find_term(match[1], terms)
        return f"**{{term}}`{match[1]} <{term}>`**" if term else match[0]

    return BOLD.sub(link, text)


def fold(cell: NotebookNode) -> None:
    """Fold a cell's code where JupyterLab does, and a solution with what it prints."""
    part, summary = folded(cell)
    if part:
        cell.metadata.setdefault("tags", []).append(f"hide-{part}")
        cell.metadata["mystnb"] = {"code_prompt_show": summary, "code_prompt_hide": summary}


def unchanged(source: str) -> tuple[str, str]:
    """A cell's code, as sphinx-codeautolink wants it: as shown, and as parsed."""
    return source, source
