"""An error says what to do. These words say something else: they beg, they judge, or they are a machine's."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEVER = re.compile(r"\b(please|oops|valid|invalid|forbidden|required field)\b", re.IGNORECASE)
# A person may be sorry to a client who has waited; a form is not.
NEVER_IN_A_FORM = re.compile(r"\bsorry\b", re.IGNORECASE)
TRANSLATED = re.compile(
    r"{%\s*translate\s+(?P<one>\".*?\"|'.*?')|{%\s*blocktranslate.*?%}(?P<many>.*?){%\s*endblock", re.S
)


def texts_of_code(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and is_gettext(node.func):
            yield from (
                part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)
            )


def is_gettext(function):
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    return name == "_" or "gettext" in name


def texts_of_template(source):
    return [found["one"] or found["many"] for found in TRANSLATED.finditer(source)]


def code():
    for top in ("engagement", "clients", "promises"):
        yield from (path for path in (ROOT / top).rglob("*.py") if "tests" not in path.parts)


def templates():
    return [path for ending in ("html", "txt") for path in (ROOT / "templates").rglob(f"*.{ending}")]


def test_no_text_uses_a_word_that_helps_nobody():
    found = {str(path.relative_to(ROOT)): texts_of_code(path.read_text()) for path in code()}
    found |= {str(path.relative_to(ROOT)): texts_of_template(path.read_text()) for path in templates()}

    assert [(place, text) for place, texts in found.items() for text in texts if NEVER.search(text)] == []


def test_no_form_is_sorry():
    forms = [path for path in code() if re.match(r"(forms|fields|read_)", path.stem) or path.parent.name == "forms"]

    assert forms
    assert [text for path in forms for text in texts_of_code(path.read_text()) if NEVER_IN_A_FORM.search(text)] == []


@pytest.mark.parametrize(
    ("find", "source"),
    [
        (texts_of_code, 'raise ValidationError(_("Enter a valid date"))'),
        (texts_of_code, 'label = gettext_lazy("Please wait")'),
        (texts_of_code, 'ngettext("%d invalid line", "%d invalid lines", 2)'),
        (texts_of_template, '<p>{% translate "Oops" %}</p>'),
        (texts_of_template, "{% blocktranslate trimmed with a=b %}\n  Forbidden\n{% endblocktranslate %}"),
    ],
)
def test_such_a_word_would_be_found(find, source):
    assert any(NEVER.search(text) for text in find(source))
