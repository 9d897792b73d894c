"""A notebook as one HTML page that loads nothing from the network: the site's style sheet, formulas
as MathML, set-up and solutions folded.
"""

import re
from collections.abc import Sequence
from html import escape

from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from nbformat import NotebookNode

from course_utils.cli.formulas import to_mathml
from course_utils.cli.pages import INDEX, STYLE

PHONE = 40  # characters of output that a phone's screen holds
COLUMNS = re.compile(r"\S {2,}\S")  # of a printed table
LESSON = re.compile(r"([0-9]{2}_\w+)\.ipynb(#.*)?")

# nbconvert's basic template writes the cells; around them come a head without scripts, the way to
# the other lessons, and folds.
TEMPLATE = """\
{%- extends "index.html.j2" -%}
{%- block header -%}
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ resources.title | e }}</title>
<link rel="icon" href="data:,">
<style>
{{ resources.style }}</style>
</head>
{%- endblock -%}
{%- macro way(name) -%}
{%- if resources.pages -%}
<nav aria-label="{{ name }}">
{% if resources.before %}<a rel="prev" href="{{ resources.before }}.html">&larr; {{ resources.before }}</a>{% endif %}
<a href="{{ resources.index }}">All lessons of this run</a>
{% if resources.after %}<a rel="next" href="{{ resources.after }}.html">{{ resources.after }} &rarr;</a>{% endif %}
</nav>
{%- endif -%}
{%- endmacro -%}
{%- block body_header -%}
<body class="course-page">
{{ way("Lessons") }}
<main>
{%- endblock -%}
{%- block body_footer -%}
</main>
{{ way("Lessons, again") }}
</body>
{%- endblock -%}
{%- block footer -%}
</html>
{% endblock -%}
{%- block in_prompt -%}{%- endblock -%}
{%- block empty_in_prompt -%}{%- endblock -%}
{%- block output_area_prompt -%}{%- endblock -%}
{%- block codecell -%}
{%- set part, summary = cell | fold -%}
{%- if part == "cell" -%}
<details class="folded"><summary>{{ summary }}</summary>{{ super() }}</details>
{%- else -%}
{{ super() }}
{%- endif -%}
{%- endblock -%}
{%- block input -%}
{%- set part, summary = cell | fold -%}
{%- if part == "input" -%}
<details class="folded"><summary>{{ summary }}</summary>{{ super() }}</details>
{%- else -%}
{{ super() }}
{%- endif -%}
{%- endblock -%}
{%- block stream -%}
<div class="output_text"><pre{{ output.text | scrolls }}>{{ output.text | ansi2html }}</pre></div>
{%- endblock -%}
{%- block data_text -%}
{%- set text = output.data["text/plain"] -%}
<div class="output_text"><pre{{ text | scrolls }}>{{ text | ansi2html }}</pre></div>
{%- endblock -%}
"""

CHECKED = re.compile(r'check\("\d\d\.(\w+)"')  # the exercise that a cell solves


def folded(cell: NotebookNode) -> tuple[str, str]:
    """What of a code cell is folded, as in JupyterLab: "cell" (code and output), "input" (code) or
    "" (nothing); and the line that stands for it.
    """
    hidden = cell.metadata.get("jupyter", {})
    if "solution" in cell.metadata.get("tags", []):
        checked = CHECKED.search(cell.source)
        return "cell", f"Solution: {checked[1].replace('_', ' ')}" if checked else "Solution"
    if hidden.get("outputs_hidden"):
        return "cell", "Code and output"
    return ("input", "Code") if hidden.get("source_hidden") else ("", "")


def to_html(notebook: NotebookNode, title: str, pages: Sequence[str] = ()) -> str:
    """The notebook as a self-contained page with images inside and their alt texts kept.

    Links to lessons lead to their pages beside this one, if they are among `pages`; other lessons
    are named without a link.
    """
    exporter = HTMLExporter(template_name="basic", raw_template=TEMPLATE)
    exporter.register_preprocessor(CoalesceStreamsPreprocessor, enabled=True)
    exporter.register_filter("fold", folded)
    exporter.register_filter("scrolls", _scrolls)
    exporter.register_filter("markdown2html", lambda source: _to_html(source, pages))
    before, after = _neighbours(title, sorted(pages))
    page, _ = exporter.from_notebook_node(
        notebook,
        {
            "metadata": {"name": title},
            "title": _heading(notebook) or title,
            "style": STYLE.read_text(encoding="utf-8"),
            "index": INDEX,
            "pages": pages,
            "before": before,
            "after": after,
        },
    )
    return page


def _heading(notebook: NotebookNode) -> str:
    first = notebook.cells[0].source.split("\n")[0] if notebook.cells else ""
    return first.removeprefix("# ") if first.startswith("# ") else ""


def _neighbours(lesson: str, pages: Sequence[str]) -> tuple[str, str]:
    if lesson not in pages:
        return "", ""
    place = pages.index(lesson)
    return "".join(pages[place - 1 : place]), "".join(pages[place + 1 : place + 2])


def is_table(text: str) -> bool:
    """Whether printed lines stand in columns, which sentences do not and so may be broken."""
    return bool(COLUMNS.search(text))


def _scrolls(text: str) -> str:
    """Breaks long sentences; makes a wide table one that the keyboard can reach and scroll."""
    if not is_table(text):
        return ' class="sentences"'
    wide = max(map(len, text.splitlines()), default=0) > PHONE
    return ' tabindex="0" role="group" aria-label="Output"' if wide else ""


def _to_html(source: str, pages: Sequence[str]) -> str:
    renderer = _Renderer(escape=False, exclude_anchor_links=True)
    renderer.pages = pages
    return str(MarkdownWithMath(renderer=renderer).render(source))


def _formula(tex: str, *, display: bool = False) -> str:
    try:
        return to_mathml(tex, display=display)
    except ValueError:  # no reason to lose a lesson that ran
        return f"<code>{escape(tex.strip())}</code>"


class _Renderer(IPythonRenderer):
    """Markdown of lessons: formulas as MathML, links between pages instead of notebooks."""

    pages: Sequence[str] = ()

    def inline_math(self, body: str) -> str:
        return _formula(body)

    def block_math(self, body: str) -> str:
        return f'<div class="formula" tabindex="0">{_formula(body, display=True)}</div>'

    def latex_environment(self, name: str, body: str) -> str:
        return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")

    def link(self, text: str, url: str, title: str | None = None) -> str:
        lesson = LESSON.fullmatch(url)
        if lesson and lesson[1] in self.pages:
            return super().link(text, f"{lesson[1]}.html{lesson[2] or ''}", title)
        elsewhere = url.startswith(("http:", "https:", "mailto:", "#"))
        return super().link(text, url, title) if elsewhere else text

    def table(self, text: str) -> str:
        return f'<div class="wide" tabindex="0"><table>\n{text}</table></div>\n'
