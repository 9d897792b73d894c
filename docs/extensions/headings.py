"""The captions of the navigation say their level, which Sphinx leaves out."""

from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", _add_levels, priority=900)  # after the theme
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _add_levels(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    tree = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = tree.replace(
        'role="heading"', 'role="heading" aria-level="2"'
    )
