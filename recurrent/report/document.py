"""metrics/report.html: everything that was measured, in one file that opens from a disk."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from recurrent.evaluation.lectures import Lecture
from recurrent.report import lines as table
from recurrent.report.chapters import chapter
from recurrent.report.difficulties import DESCENT, HARD, sections
from recurrent.report.overview import overview
from recurrent.report.terms import TERMS
from recurrent.report.views import Section

TEMPLATES = Path(__file__).parent / "templates"
EMPHASIS = re.compile(r"\*([^*]+)\*")
CHINESE = re.compile(r"[⺀-〿㐀-䶿一-鿿豈-﫿＀-｠]+")


def render(metrics: Path, lectures: Mapping[str, Lecture]) -> str:
    """The page of a folder of metrics; what has no files there has no section."""
    lines = table.read(metrics / "replication.csv")
    trained = list(dict.fromkeys(line.experiment for line in lines if line.seeds))
    studies = sections(metrics, trained, lines)
    found = []
    for key, lecture in lectures.items():
        own = [line for line in lines if line.row in lecture.rows]
        if own or any(set(study.rows) & set(lecture.rows) for study in studies):
            found.append(chapter(key, lecture, own, metrics))
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"zh": marked, "prose": prose, "short": short}
    return environment.get_template("report.html.j2").render(
        overview=overview(lectures, lines, metrics),
        chapters=adopted(found, studies),
        terms=TERMS,
        style=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
        script=Markup((TEMPLATES / "report.js").read_text(encoding="utf-8")),
    )


def marked(text: str) -> Markup:
    """Escaped, and Chinese marked as such: for its glyphs, and for who has it read aloud."""
    return Markup(CHINESE.sub(lambda run: f'<span lang="zh">{run[0]}</span>', str(escape(text))))


def prose(text: str) -> Markup:
    """The same, with *emphasis* as lectures.yaml has it."""
    return Markup(EMPHASIS.sub(r"<em>\1</em>", str(marked(text))))


def short(title: str) -> str:
    """A title as the contents have it: up to where it begins to explain itself."""
    return re.split(r": | \(", title)[0]


def adopted(chapters: Sequence[Section], parts: Sequence[Section]) -> list[Section]:
    """Studies under the lecture that lists their rows; the others under a heading of their own."""
    found = []
    left = list(parts)
    for one in chapters:
        mine = [part for part in left if set(part.rows) & set(one.rows)]
        left = [part for part in left if part not in mine]
        found.append(one._replace(parts=(*one.parts[:1], *mine, *one.parts[1:])))
    for heading in (DESCENT, HARD):
        mine = [part for part in left if set(part.rows) & set(heading.rows)]
        if mine:
            found.append(heading._replace(parts=tuple(mine)))
    return found
