"""The French catalogue: find every text people read, keep app/locale/fr/LC_MESSAGES/messages.po in step with it.

    .venv/bin/python scripts/catalogue.py            # add new texts, drop gone ones, list what is untranslated
    .venv/bin/python scripts/catalogue.py fill FILE  # and take translations from FILE, as JSON
                                                     # {English: French} or {English: [one, many]}

Messages of errors are texts too, though they are translated where they are shown and not where they are
raised: what is given to an error of app/errors.py, to a form validator's ValueError, and sentences that are
constants of a module count. In templates it is _() and ngettext().
"""

import ast
import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
FRENCH = ROOT / "app" / "locale" / "fr" / "LC_MESSAGES" / "messages.po"
TRANSLATING = {"_", "say", "gettext", "ngettext", "translated", "ValueError", "mark"}
TABLES = {"MEANINGS", "SECTIONS", "SPECIALITIES", "_MESSAGES"}  # constants whose values are shown
TELLING = {"blockers"}  # functions that return texts
NOT_SHOWN = {"seed.py", "settings.py", "supervisor.py", "__main__.py", "logs.py", "rehearsal", "migrations", "notes"}


Text = str | tuple[str, str]


def texts() -> dict[Text, list[str]]:
    """Every text of the product with the files it stands in."""
    found: dict[Text, list[str]] = {}
    for path in sorted((ROOT / "templates").rglob("*.*")):
        if path.suffix in (".html", ".j2"):
            for text in _in_template(path):
                found.setdefault(text, []).append(path.relative_to(ROOT).as_posix())
    sources = [p for p in sorted((ROOT / "app").rglob("*.py")) if not NOT_SHOWN & set(p.relative_to(ROOT).parts)]
    trees = {path: ast.parse(path.read_text()) for path in sources}
    errors = _errors(list(trees.values()))
    for path, tree in trees.items():
        for text in _in_python(tree, errors):
            found.setdefault(text, []).append(path.relative_to(ROOT).as_posix())
    return found


def _in_template(path: Path) -> Iterator[Text]:
    options = {"newstyle_gettext": "true", "trim_blocks": "true", "extensions": "jinja2.ext.do"}
    for _line, message, _comments, _context in extract_from_file("jinja2.ext:babel_extract", path, options=options):
        yield tuple(message[:2]) if isinstance(message, tuple) else message  # type: ignore[misc]


def _errors(trees: list[ast.Module]) -> set[str]:
    """Names of ColloqueError and of everything that inherits from it."""
    bases = {node.name: {ast.unparse(base) for base in node.bases}
             for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    known = {"ColloqueError"}
    while more := {name for name, of in bases.items() if of & known} - known:
        known |= more
    return known


def _in_python(tree: ast.Module, errors: set[str]) -> Iterator[Text]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _in_call(node, errors)
        elif (isinstance(node, ast.ClassDef) and node.name in errors) or (
                isinstance(node, ast.FunctionDef) and node.name in TELLING):
            yield from _sentences(node.body)
    for statement in tree.body:
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
            yield from _in_constant(statement)


def _in_call(node: ast.Call, errors: set[str]) -> Iterator[Text]:
    name = ast.unparse(node.func).rpartition(".")[2]
    if name == "ngettext" and all(isinstance(argument, ast.Constant) for argument in node.args[:2]):
        yield (node.args[0].value, node.args[1].value)  # type: ignore[attr-defined]
    elif name in TRANSLATING | errors:
        given = [*node.args[:2], *(k.value for k in node.keywords if k.arg in ("message", "fields"))]
        for value in given:
            for constant in ast.walk(value) if not isinstance(value, ast.Call) else ():
                if _is_text(constant) and (constant.value[:1].isupper() or constant.value[:1] == "%"):
                    yield constant.value


def _in_constant(statement: ast.Assign | ast.AnnAssign) -> Iterator[Text]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    names = {t.id for t in targets if isinstance(t, ast.Name)}
    if names & TABLES and isinstance(statement.value, (ast.Dict, ast.Tuple)):
        values = statement.value.values if isinstance(statement.value, ast.Dict) else statement.value.elts
        yield from (v.value for v in values if _is_text(v))  # type: ignore[attr-defined]
    elif _is_text(statement.value) and _is_sentence(statement.value.value):  # type: ignore[union-attr]
        yield statement.value.value  # type: ignore[union-attr]


def _sentences(body: list[ast.stmt]) -> Iterator[Text]:
    for statement in body:
        inside = [node for node in ast.walk(statement) if isinstance(node, ast.Expr)]
        documentation = {id(node.value) for node in inside}
        for node in ast.walk(statement):
            if id(node) not in documentation and _is_shown(node):
                yield node.value  # type: ignore[attr-defined]


def _is_shown(node: ast.AST) -> bool:
    return _is_text(node) and _is_sentence(node.value)  # type: ignore[attr-defined]


def _is_text(node: Any) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) > 1


def _is_sentence(text: str) -> bool:
    return text[:1].isupper() and " " in text and text.rstrip()[-1:] in ".?!"


def typography(text: str) -> str:
    """French spaces and apostrophes: narrow no-break before ; : ! ? and inside guillemets, ’ for '."""
    text = re.sub(r" ([;:!?»])", "\u202f\\1", text.replace("'", "\u2019"))
    return text.replace("« ", "«\u202f")


def french() -> Catalog:
    """The catalogue as it is on disk."""
    if not FRENCH.exists():
        return _empty()
    with FRENCH.open("rb") as file:
        return read_po(file, locale="fr")


def _empty() -> Catalog:
    since = datetime(2026, 11, 23, tzinfo=UTC)  # not today's: two people who write the file at once should not differ
    return Catalog(locale="fr", project="Colloque", version="1",
                   header_comment="# French texts of Colloque. Apache-2.0.", creation_date=since,
                   revision_date=since, last_translator="Colloque maintainers", language_team="French", fuzzy=False)


def missing(catalogue: Catalog) -> list[Text]:
    """Texts without a French translation, or with a doubtful one."""
    def done(text: Text) -> bool:
        message = catalogue.get(text)
        if message is None or message.fuzzy:
            return False
        return all(message.string) if isinstance(message.string, (tuple, list)) else bool(message.string)
    return [text for text in texts() if not done(text)]


def save(translations: dict[str, str | list[str]]) -> Catalog:
    """Write the catalogue anew: the texts of today with what is known of them, `translations` first."""
    known, fresh = french(), _empty()
    for text, places in sorted(texts().items(), key=lambda item: (item[1][0], str(item[0]))):
        old = known.get(text)
        string = translations.get(text if isinstance(text, str) else text[0], old.string if old else "")
        string = tuple(map(typography, string)) if isinstance(string, (list, tuple)) else typography(string)
        fresh.add(text, string, auto_comments=[", ".join(sorted(set(places))[:3])])
    FRENCH.parent.mkdir(parents=True, exist_ok=True)
    with FRENCH.open("wb") as file:
        write_po(file, fresh, width=110, omit_header=False, no_location=True, sort_output=False, ignore_obsolete=True)
    return fresh


def main(arguments: list[str]) -> None:
    """Update, and say what is left to translate."""
    given = json.loads(Path(arguments[1]).read_text()) if arguments[:1] == ["fill"] else {}
    for text in missing(save(given)):
        print(json.dumps(text if isinstance(text, str) else text[0], ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1:])
