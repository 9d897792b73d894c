"""Small pages of tables, for marks and sweeps: they load nothing and read well in the dark."""

import csv
import html
import io
from collections.abc import Sequence

STYLE = """\
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 0.5rem 0 1.5rem; }
th, td { text-align: left; vertical-align: top; padding: 0.2rem 0.8rem 0.2rem 0; }
th, td { border-bottom: 1px solid #8886; }
td { overflow-wrap: anywhere; }
img { max-width: 100%; height: auto; background: white; }
"""


class Markup(str):
    """Text that is HTML already."""


def page(title: str, *parts: str) -> str:
    """A whole page: the title and parts that are HTML."""
    head = f"<title>{html.escape(title)}</title>\n<style>\n{STYLE}</style>"
    meta = '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">'
    body = "\n".join((f"<h1>{html.escape(title)}</h1>", *parts))
    return f'<!doctype html>\n<html lang="en">\n{meta}\n{head}\n<body>\n{body}\n</body>\n</html>\n'


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table; cells are escaped unless they are `Markup`."""
    lines = [_row("th", header), *(_row("td", row) for row in rows)]
    return '<div class="wide"><table>\n' + "\n".join(lines) + "\n</table></div>"


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
