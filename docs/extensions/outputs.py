"""What a lesson printed: figures keep their alt texts, and sentences may be broken."""

from docutils import nodes
from sphinx.application import Sphinx

from course_utils.cli.html import is_table


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", _restore)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _restore(app: Sphinx, doctree: nodes.document) -> None:
    for cell in doctree.findall(lambda node: _part(node) == "cell_code"):
        # myst-nb drops what `show(figure, alt=...)` gave
        alts = cell["cell_metadata"].get("alts", [])
        for image, alt in zip(cell.findall(nodes.image), alts, strict=True):
            image["alt"] = alt
    for output in doctree.findall(lambda node: _part(node) == "cell_code_output"):
        for block in output.findall(nodes.literal_block):
            if not is_table(block.astext()):
                block["classes"].append("sentences")


def _part(node: nodes.Node) -> str | None:
    return node.get("nb_element") if isinstance(node, nodes.Element) else None
