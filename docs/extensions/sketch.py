"""The directive `{sketch} name`: a small picture of `sketches`, within the page."""

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from extensions.sketches import draw
from extensions.sketches.kit import HEAD_OF_ARROWS


class SketchDirective(Directive):
    """The picture of a name; a page's first brings the arrowheads of all."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        try:
            sketch = draw(self.arguments[0])
        except ValueError as error:
            raise self.error(str(error)) from None
        document = self.state.document
        first = not getattr(document, "has_arrowheads", False)
        document.has_arrowheads = True
        markup = (HEAD_OF_ARROWS if first else "") + sketch.svg()
        return [nodes.raw("", markup, format="html")]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("sketch", SketchDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
