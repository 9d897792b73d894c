"""A notebook as one HTML page that loads nothing from the network."""

from nbconvert import HTMLExporter
from nbformat import NotebookNode

# The classic template without its scripts (jQuery, RequireJS, Mermaid, MathJax, widgets), all of
# which it takes from servers; formulas stay as TeX. Hidden sources are folded, as they are in
# JupyterLab.
TEMPLATE = """\
{%- extends "index.html.j2" -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block input -%}
{%- set solution = "solution" in cell.metadata.get("tags", []) -%}
{%- if solution or cell.metadata.get("jupyter", {}).get("source_hidden") -%}
<div class="inner_cell"><details><summary>{{ "Solution" if solution else "Code" }}</summary>
{{ super() }}
</details></div>
{%- else -%}
{{ super() }}
{%- endif -%}
{%- endblock -%}
"""


def to_html(notebook: NotebookNode, title: str) -> str:
    """The notebook as a self-contained page with images inside and their alt texts kept."""
    exporter = HTMLExporter(template_name="classic", raw_template=TEMPLATE)
    page, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": title}})
    return page
