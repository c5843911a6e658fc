"""The report as one HTML page, and its tables as one Markdown page."""

import re
from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from recurrent.report.gradients import findings
from recurrent.report.inputs import Inputs
from recurrent.report.lecture import lecture
from recurrent.report.overview import overview
from recurrent.report.views import Cell, Section, Table

TEMPLATES = Path(__file__).with_name("templates")
TITLES = {
    "lectures": "Five lectures on recurrent neural networks, replicated",
    "beyond": "Beyond the lectures: more experiments with recurrent neural networks",
}
EMPHASIS = re.compile(r"\*([^*]+)\*")
CHINESE = re.compile(r"[⺀-〿㐀-䶿一-鿿豈-﫿＀-｠]+")
MARKDOWN = re.compile(r"([\\`*_\[\]<|~#])")


def document(inputs: Inputs) -> list[Section]:
    """The overview, a chapter for each lecture of which something was run, and what went wrong."""
    chapters = [lecture(inputs, key) for key in inputs.lectures]
    if not inputs.main:  # there they belong to a lecture
        chapters.append(findings(inputs))
    return [overview(inputs), *(chapter for chapter in chapters if chapter is not None)]


def html(inputs: Inputs, sections: Iterable[Section]) -> str:
    """All results as one page that needs no other file."""
    style = Markup((TEMPLATES / "report.css").read_text(encoding="utf-8"))
    title = TITLES[inputs.config.pipeline]
    return _render("report.html.j2", title=title, sections=[*sections], style=style)


def markdown(inputs: Inputs, sections: Iterable[Section], figures: Iterable[str] = ()) -> str:
    """The tables as Markdown, but for samples; `figures` are lectures with a chart of scores."""
    kept = [
        section._replace(parts=tuple(p for p in section.parts if not p.anchor.endswith("-samples")))
        for section in sections
    ]
    title = TITLES[inputs.config.pipeline]
    return _render("tables.md.j2", title=title, sections=kept, figures=[*figures])


def markdown_tables(tables: Iterable[Table]) -> str:
    """A few tables as Markdown, as for the summary of a CI run."""
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
    """Escaped text whose Chinese is marked as such, for fonts and for screen readers."""
    return Markup(CHINESE.sub(lambda run: f'<span lang="zh">{run[0]}</span>', str(escape(text))))


def _prose(text: str) -> Markup:
    """The same for prose of lectures.yaml, which has *emphasis*."""
    return Markup(EMPHASIS.sub(r"<em>\1</em>", str(_chinese(text))))


def markdown_cell(cell: Cell) -> str:
    """A cell that no text in it can break out of."""
    text = " ".join(cell.text.splitlines())
    if cell.kind == "code" and text:
        longest = max((len(run) for run in re.findall("`+", text)), default=0)
        fence = "`" * (longest + 1)
        pad = " " if longest or text != text.strip() else ""
        return f"{fence}{pad}{text}{pad}{fence}".replace("|", "\\|")
    if cell.kind == "prose":
        return text.replace("|", "\\|").replace("<", "&lt;")
    return MARKDOWN.sub(r"\\\1", text)
