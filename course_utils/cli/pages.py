"""Small pages of tables, for runs, marks and sweeps: they load nothing and read well in the dark."""

import csv
import html
import io
from collections.abc import Sequence
from pathlib import Path

STYLE = Path(__file__).with_name("course.css")
INDEX = "index.html"


class Markup(str):
    """Text that is HTML already."""


def page(title: str, *parts: str) -> str:
    """A whole page: the title and parts that are HTML."""
    style = STYLE.read_text(encoding="utf-8")
    head = (
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{html.escape(title)}</title>",
        '<link rel="icon" href="data:,">',
        f"<style>\n{style}</style>",
    )
    body = "\n".join((f"<h1>{html.escape(title)}</h1>", *parts))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n'
        + "\n".join(head)
        + f'\n</head>\n<body class="course-page">\n<main>\n{body}\n</main>\n</body>\n</html>\n'
    )


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table; cells are escaped unless they are `Markup`."""
    lines = [_row("th", header), *(_row("td", row) for row in rows)]
    return '<div class="wide" tabindex="0"><table>\n' + "\n".join(lines) + "\n</table></div>"


def _row(tag: str, cells: Sequence[object]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escaped(cell)}</{tag}>' for cell in cells)}</tr>"


def escaped(cell: object) -> str:
    return cell if isinstance(cell, Markup) else html.escape(str(cell))


def link(target: str, text: str) -> Markup:
    """A link to a file beside the page."""
    from urllib.parse import quote

    return Markup(f'<a href="{quote(target)}">{html.escape(text)}</a>')


def csv_text(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table as CSV, of which no cell is a formula to a spreadsheet."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return buffer.getvalue()


def _harmless(cell: object) -> object:
    risky = isinstance(cell, str) and cell.lstrip()[:1] in tuple("=+-@")
    return f"'{cell}" if risky else cell
