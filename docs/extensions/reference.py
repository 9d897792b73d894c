"""A page for each public module of the package, from its docstrings."""

from pathlib import Path

PACKAGES = ("data", "models")  # they hand on their modules' public names
PAGE = """{title}
{line}

.. automodule:: {module}
   :members:
   :imported-members:
"""


def write_reference(package: Path, target: Path) -> None:
    """Write `target`/<module>.rst for each module that lessons import, and an index of them."""
    target.mkdir(exist_ok=True)
    names = [path.stem for path in package.glob("[a-z]*.py")] + list(PACKAGES)
    for stale in set(target.glob("*.rst")) - {target / f"{name}.rst" for name in names}:
        stale.unlink()
    for name in names:
        module = f"{package.name}.{name}"
        page = PAGE.format(title=module, line="=" * len(module), module=module)
        if name not in PACKAGES:
            page = page.replace("   :imported-members:\n", "")
        _write(target / f"{name}.rst", page)


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def without_aliases(app, what: str, name: str, member: object, options, lines: list[str]) -> None:
    """Take away Python's own words for a named tuple's field, which say only its number."""
    if lines and lines[0].startswith("Alias for field number"):
        lines.clear()
