"""How the site is built: `make site`, or `python -m sphinx docs site`. Nothing is downloaded."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE)]

from extensions.notebooks import write_notebooks  # noqa: E402
from extensions.reference import write_reference  # noqa: E402

write_notebooks(ROOT / "notebooks", HERE / "lessons", HERE / "glossary.md")
write_reference(ROOT / "course_utils", HERE / "api")

project = "Image classification with PyTorch"
author = "the course's authors"
language = "en"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_codeautolink",
    "sphinx_copybutton",
    "sphinx_design",
    "extensions.formulas",
    "extensions.headings",
    "extensions.outputs",
    "extensions.numbers",
    "extensions.sketch",
]
exclude_patterns = ["extensions", "_build"]
suppress_warnings = ["config.cache", "mystnb.unknown_mime_type"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "attrs_inline"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the committed outputs are the course's
nb_merge_streams = True

default_role = "code"  # a docstring's `name`
smartquotes_action = "qe"  # options keep both of their hyphens
autodoc_inherit_docstrings = False
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
add_module_names = False

codeautolink_concat_default = True  # a lesson's cells share their imports
codeautolink_custom_blocks = {"ipython3": "extensions.notebooks.unchanged"}
codeautolink_warn_on_missing_inventory = False
codeautolink_warn_on_failed_resolve = False

highlight_language = "none"  # commands; Python says that it is Python
copybutton_exclude = ".linenos, .gp, .go"

html_theme = "furo"  # small pages: no icon font
html_title = project
html_favicon = "_static/favicon.svg"
html_static_path = ["_static", str(ROOT / "course_utils" / "cli" / "course.css")]
html_css_files = ["course.css", "site.css"]
html_js_files = ["site.js"]
html_show_sourcelink = False
html_copy_source = False
html_show_copyright = False
html_math_renderer = "mathml"
html_theme_options = {"navigation_with_keys": True}


def setup(app):
    from extensions.catalogue import read_lessons
    from extensions.plots import write_plots
    from extensions.reference import without_aliases

    lessons = read_lessons(ROOT / "notebooks", HERE / "pictures")
    app.add_config_value("course_lessons", lessons, "env")
    app.add_config_value("course_plots", write_plots(HERE / "pictures"), "env")
    app.connect("autodoc-process-docstring", without_aliases)
