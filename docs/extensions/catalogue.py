"""What the first page says of each lesson, read from its published notebook."""

import base64
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from PIL import Image

SHORT = ("00", "01", "03", "04", "10")
TIME = re.compile(r"\*\*Time:?\*\*:?\s*(.+?)\.(?:\s|$)")
LONGEST = 180  # characters of a card's question
WIDTH = 480  # pixels of a card's picture, twice what a card shows
CARD = (480, 240)


@dataclass(frozen=True)
class Lesson:
    """A card: texts in Markdown, `picture` as a path from the docs folder."""

    number: str
    stem: str
    title: str
    question: str
    time: str
    result: str
    picture: str
    alt: str
    short: bool


def read_lessons(notebooks: Path, pictures: Path) -> list[Lesson]:
    """The lessons in their order; writes their pictures into `pictures`."""
    pictures.mkdir(exist_ok=True)
    return [_lesson(path, pictures) for path in sorted(notebooks.glob("[0-9][0-9]_*.ipynb"))]


def routes(lessons: list[Lesson]) -> dict[str, str]:
    """The short route's lessons, as links."""
    links = [f"[{each.number}](lessons/{each.stem}.ipynb)" for each in lessons if each.short]
    return {"short": ", ".join(links)}


def link(lesson: Lesson) -> str:
    """A lesson by its number, as a link."""
    return f"[lesson {lesson.number}](lessons/{lesson.stem}.ipynb)"


def _lesson(path: Path, pictures: Path) -> Lesson:
    notebook = nbformat.read(path, as_version=4)
    prose = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    heading, _, rest = prose.partition("\n")
    number, _, title = heading.removeprefix("# ").partition(" ")
    time = TIME.search(prose)
    png, alt = first_picture(notebook)
    picture = pictures / f"{path.stem}.webp"
    write_card(png, picture)
    return Lesson(
        number=number,
        stem=path.stem,
        title=title.lstrip(":. "),
        question=question(rest),
        time=time[1].replace(" on two cores", "") if time else "",
        result=result(path.parent / "results" / f"{path.stem}.json"),
        picture=f"{pictures.name}/{picture.name}",
        alt=alt,
        short=number in SHORT,
    )


def question(prose: str) -> str:
    """The first paragraph's question, with the sentences before it that fit a card; without a
    question its first sentences.
    """
    paragraph = " ".join(prose.strip().split("\n\n")[0].split())
    text = re.sub(r"<[^>]+>|\*\*|`", "", paragraph)
    sentences = re.split(r"(?<=[.?!])\s+", text)
    asked = next((i for i, each in enumerate(sentences) if each.endswith("?")), None)
    chosen = sentences if asked is None else sentences[asked::-1]  # from the question backwards
    kept = [chosen[0]]
    for sentence in chosen[1:]:
        if len(" ".join([*kept, sentence])) > LONGEST:
            break
        kept.append(sentence)
    return " ".join(kept if asked is None else kept[::-1]).replace("|", "\\|")


def first_picture(notebook: NotebookNode) -> tuple[bytes, str]:
    """The first figure that the lesson shows, and its alt text.

    Raises:
        ValueError: if there is none.
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                alt = output.metadata.get("image/png", {}).get("alt", "")
                return base64.b64decode(output.data["image/png"]), " ".join(alt.split())
    raise ValueError("a lesson's first screen shows no picture")


def write_card(png: bytes, target: Path) -> None:
    """The picture on a white card of one size for all."""
    with Image.open(io.BytesIO(png)) as figure:
        figure = figure.convert("RGB")
        figure.thumbnail(CARD, Image.Resampling.LANCZOS)
        card = Image.new("RGB", CARD, "white")
        left, top = ((whole - part) // 2 for whole, part in zip(CARD, figure.size, strict=True))
        card.paste(figure, (left, top))
        card.save(target, quality=80, method=6)


def result(path: Path) -> str:
    """The best test accuracy of the lesson's published run."""
    if not path.exists():
        return ""
    recorded = json.loads(path.read_text(encoding="utf-8"))
    rows = [row["accuracy"] for row in recorded.get("scoreboard", {}).values()]
    accuracies = rows or [recorded[key] for key in sorted(recorded) if key.startswith("test_acc")]
    numbers = [value for value in accuracies if isinstance(value, float)]
    return f"{max(numbers):.1%}".replace("%", "\N{NO-BREAK SPACE}%") if numbers else ""
