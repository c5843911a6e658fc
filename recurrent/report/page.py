"""The report as one HTML page, and its tables as one Markdown page."""

import re
from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from recurrent.report.charts import FAMILIES
from recurrent.report.gradients import findings
from recurrent.report.inputs import Inputs
from recurrent.report.lecture import lecture
from recurrent.report.overview import about, overview
from recurrent.report.views import MARKS, Cell, Section, Table

TEMPLATES = Path(__file__).with_name("templates")
TITLES = {
    "lectures": "Five lectures on recurrent neural networks, replicated",
    "beyond": "Beyond the lectures: more experiments with recurrent neural networks",
}
EMPHASIS = re.compile(r"\*([^*]+)\*")
CHINESE = re.compile(r"[⺀-〿㐀-䶿一-鿿豈-﫿＀-｠]+")
MARKDOWN = re.compile(r"([\\`*_\[\]<|~#])")


def document(inputs: Inputs) -> list[Section]:
    """Return the first screen, and a chapter for each lecture that was run, at least in part."""
    chapters = [lecture(inputs, key) for key in inputs.lectures]
    if not inputs.main:  # in the main report they belong to a lecture
        chapters.append(findings(inputs))
    chapters.append(about(inputs))
    return [overview(inputs), *(chapter for chapter in chapters if chapter is not None)]


def html(inputs: Inputs, sections: Iterable[Section]) -> str:
    """Return all results as one page that needs no other file."""
    style = Markup((TEMPLATES / "report.css").read_text(encoding="utf-8"))
    title = TITLES[inputs.config.pipeline]
    shown = [*sections]
    return _render(
        "report.html.j2", title=title, sections=shown, style=style, colours=FAMILIES, marks=MARKS
    )


def markdown(inputs: Inputs, sections: Iterable[Section], figures: Iterable[str] = ()) -> str:
    """Return all tables but samples as Markdown; `figures` names lectures with a scores chart."""
    kept = [
        section._replace(parts=tuple(p for p in section.parts if not p.anchor.endswith("-samples")))
        for section in sections
    ]
    title = TITLES[inputs.config.pipeline]
    return _render("tables.md.j2", title=title, sections=kept, figures=[*figures])


def markdown_tables(tables: Iterable[Table]) -> str:
    """Return a few tables as Markdown, such as the summary of a CI run."""
    return _render("summary.md.j2", tables=[*tables])


def _render(template: str, **values: object) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=template.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"zh": _chinese, "prose": _prose, "cell": markdown_cell}
    return environment.get_template(template).render(**values)


def _chinese(text: str) -> Markup:
    """Escape a text and mark its Chinese as such, for fonts and screen readers."""
    return Markup(CHINESE.sub(lambda run: f'<span lang="zh">{run[0]}</span>', str(escape(text))))


def _prose(text: str) -> Markup:
    """Do the same for prose of lectures.yaml, which has *emphasis*."""
    return Markup(EMPHASIS.sub(r"<em>\1</em>", str(_chinese(text))))


def markdown_cell(cell: Cell) -> str:
    """Format a cell so that no text can break out of it."""
    text = " ".join(cell.text.splitlines())
    if cell.kind == "code" and text:
        longest = max((len(run) for run in re.findall("`+", text)), default=0)
        fence = "`" * (longest + 1)
        pad = " " if longest or text != text.strip() else ""
        return f"{fence}{pad}{text}{pad}{fence}".replace("|", "\\|")
    if cell.kind == "model" and cell.text:
        return f"{markdown_cell(Cell(cell.text))} {markdown_cell(Cell(cell.code, 'code'))}"
    if cell.kind == "prose":
        return text.replace("|", "\\|").replace("<", "&lt;")
    return MARKDOWN.sub(r"\\\1", text)
