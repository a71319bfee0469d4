from django.db.models import Q

# Nobody types more; each one costs a condition.
MOST_WORDS = 8


def holds(field: str, word: str) -> Q:
    """The field holds this word, capitals or not.

    SQLite folds the capitals of A to Z alone, so a word with other letters is looked for in each of its usual forms.
    """
    forms = {word} if word.isascii() else {word, word.lower(), word.upper(), word.capitalize()}
    found = Q()
    for form in sorted(forms):
        found |= Q(**{f"{field}__icontains": form})
    return found
