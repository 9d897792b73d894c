"""Figures keep the alt texts that `show(figure, alt=...)` gave them; myst-nb drops them."""

from docutils import nodes
from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", _restore)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _restore(app: Sphinx, doctree: nodes.document) -> None:
    for cell in doctree.findall(lambda node: _attribute(node, "nb_element") == "cell_code"):
        alts = cell["cell_metadata"].get("alts", [])
        for image, alt in zip(cell.findall(nodes.image), alts, strict=True):
            image["alt"] = alt


def _attribute(node: nodes.Node, name: str) -> str | None:
    return node.get(name) if isinstance(node, nodes.Element) else None
