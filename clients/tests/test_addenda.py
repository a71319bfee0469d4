"""Addenda on the pages of the staff: begun, written, priced, sent, and in force only when both sides have signed."""

from decimal import Decimal

import pytest
from django.urls import reverse

from clients import actions
from clients.agreement_rules import State
from clients.holding import holding
from clients.models import Addendum, AddendumLine, Agreement, Entry, Scope
from clients.signals import addendum_signed
from clients.tests.agreements import SEEN, addendum_to, countersign, send, sign, signed
from conftest import DAY, HOUR, NOW

PDF = b"%PDF-1.7\nsigned\n%%EOF"
WORDS = {"title": "A shelf more", "reason": "They asked for it.", "terms": ""}
DEARER = {"act": "change", "number": 2, "service": "Fittings", "quantity": Decimal(1), "price": Decimal(1000)}
GONE = {"act": "remove", "number": 2}
NEW = {"act": "add", "service": "A shelf", "quantity": Decimal(1), "price": Decimal(100)}


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture(autouse=True)
def _drawn_quickly(monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: PDF)


@pytest.fixture
def scope(karoo, lena, thandi):
    """Drawings for 241.00, fittings for 900.00, and VAT of 15 %: 1312.15 in all."""
    return signed(karoo, lena, thandi, NOW - 10 * DAY, currency="EUR")


@pytest.fixture
def write(scope, thandi):
    def written(*changes, **values):
        return addendum_to(scope, thandi, changes, NOW, **values)

    return written


@pytest.fixture
def both_sign(lena, thandi):
    def done(addendum, now=NOW):
        agreement = Agreement.objects.get(pk=addendum.agreement_id)
        sign(agreement, send(agreement, lena, thandi, now), now)

    return done


def total(scope):
    return holding(Scope.objects.get(pk=scope.pk)).totals.total


def state(addendum):
    return Agreement.objects.get(pk=addendum.agreement_id).state


def rows(scope, **typed):
    """The editor as the browser sends it: every line in force with what stands in its boxes, and empty new rows."""
    sent = {**WORDS, "line-TOTAL_FORMS": "1", "line-INITIAL_FORMS": "0", "tax-TOTAL_FORMS": "0", "tax-INITIAL_FORMS": 0}
    for line in holding(scope).lines:
        boxes = {"act": "keep", "service": line.service, "description": line.description, "unit": line.unit}
        boxes |= {"quantity": line.quantity, "price": line.price, "turnaround_days": line.turnaround_days or ""}
        boxes |= {"rate": line.rate or ""}
        sent |= {f"held-{line.number}-{name}": value for name, value in boxes.items()}
    return {**sent, **typed}


@pytest.fixture
def browser(client, thandi):
    client.force_login(thandi)
    return client


@pytest.fixture
def save(browser, scope):
    def saved(addendum, **typed):
        return browser.post(reverse("clients:addendum_edit", args=[addendum.pk]), rows(scope, **typed))

    return saved


# Begun


def test_it_is_begun_from_a_signed_scope(browser, scope):
    response = browser.post(reverse("clients:addendum_new", args=[scope.pk]), WORDS)

    addendum = Addendum.objects.get()
    assert response.url == reverse("clients:addendum_edit", args=[addendum.pk])
    assert (addendum.number, addendum.title) == (f"{scope.number}/1", "A shelf more")
    assert state(addendum) == State.DRAFT


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"title": ""}, "Enter what the addendum is called"),
        ({"title": "x" * 201}, "Title must be 200 characters or fewer"),
        ({"reason": ""}, "Enter why it changes"),
        ({"reason": "x" * 10_001}, "Why must be 10000 characters or fewer"),
    ],
)
def test_it_is_not_begun_without_its_words(browser, scope, typed, words):
    response = browser.post(reverse("clients:addendum_new", args=[scope.pk]), WORDS | typed)

    assert words in response.content.decode()
    assert "<title>Error: " in response.content.decode()
    assert not Addendum.objects.exists()


def test_a_draft_takes_no_addendum(browser, karoo, thandi):
    draft = actions.draft_scope(karoo, {"title": "A draft"}, [], by=thandi, now=NOW)

    response = browser.post(reverse("clients:addendum_new", args=[draft.pk]), WORDS)

    assert "An addendum changes a signed scope" in response.content.decode()
    assert not Addendum.objects.exists()


# Written


def test_what_stays_as_it_is_is_no_change(save, write):
    addendum = write()

    response = save(addendum)

    assert response.status_code == 302
    assert not addendum.changes.exists()


def test_lines_are_changed_removed_and_added(save, write):
    addendum = write()

    save(
        addendum,
        **{
            "held-1-act": "change",
            "held-1-price": "130,50",
            "held-2-act": "remove",
            "line-0-service": "A shelf",
            "line-0-price": "100",
        },
    )

    found = {(line.number, line.act): (line.service, line.price) for line in addendum.changes.all()}
    assert found[1, "change"] == ("Drawings", Decimal("130.50"))
    assert (2, "remove") in found
    assert found[4, "add"] == ("A shelf", Decimal(100))


def test_a_tax_is_changed_like_any_line(save, write):
    addendum = write()

    save(addendum, **{"held-3-act": "change", "held-3-rate": "20"})

    line = addendum.changes.get()
    assert (line.number, line.kind, line.rate) == (3, "tax", Decimal(20))


def test_changed_into_what_it_is_is_no_change(save, write):
    addendum = write()

    save(addendum, **{"held-1-act": "change"})

    assert not addendum.changes.exists()


def test_boxes_of_a_line_that_stays_do_not_count(save, write):
    addendum = write()

    response = save(addendum, **{"held-1-price": "much"})

    assert response.status_code == 302
    assert not addendum.changes.exists()


def test_saving_again_keeps_what_was_saved(browser, save, write):
    addendum = write(DEARER, NEW)

    page = browser.get(reverse("clients:addendum_edit", args=[addendum.pk])).context["form"]
    typed = {f"line-0-{name}": page.services.forms[0][name].value() or "" for name in ("service", "quantity", "price")}
    save(
        addendum,
        **{"held-2-act": page.lines[1]["act"].value(), "held-2-price": page.lines[1]["price"].value()},
        **typed,
    )

    assert [(line.act, line.service, line.price) for line in addendum.changes.all()] == [
        ("change", "Fittings", Decimal(1000)),
        ("add", "A shelf", Decimal(100)),
    ]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"held-1-act": "double"}, "Line 1: Choose what happens to this line"),
        ({"held-1-act": "change", "held-1-price": "much"}, "Line 1: Price must be a number"),
        ({"held-1-act": "change", "held-1-price": "1,200"}, "can be read in two ways"),
        ({"held-1-act": "change", "held-1-service": ""}, "Line 1: Enter the service"),
        ({"held-3-act": "change", "held-3-rate": "101"}, "Line 3: Per cent must be at most 100"),
        ({"line-0-service": "A shelf", "line-0-price": ""}, "New line 1: Enter the price"),
        ({"line-0-service": "x" * 201, "line-0-price": "1"}, "New line 1: Service must be 200 characters or fewer"),
        ({"title": ""}, "Enter what the addendum is called"),
        ({"terms": "x" * 50_001}, "Terms that change must be 50000 characters or fewer"),
        ({"line-TOTAL_FORMS": "many"}, "did not arrive whole"),
    ],
)
def test_what_will_not_do_is_said_and_the_rest_kept(save, write, typed, words):
    addendum = write()

    page = save(addendum, **{"reason": "Kept as typed", **typed})

    assert page.status_code == 200
    shown = page.content.decode()
    assert words in shown
    assert "<title>Error: " in shown
    assert "Kept as typed" in shown
    assert not AddendumLine.objects.exists()


def test_the_effect_is_shown_once_it_is_saved(browser, write):
    addendum = write(DEARER, NEW)

    for name in ("addendum", "addendum_edit"):
        page = browser.get(reverse(f"clients:{name}", args=[addendum.pk])).content.decode()

        assert "+\N{NO-BREAK SPACE}€100.00" in page
        assert "€1,312.15" in page
        assert "€1,542.15" in page
        assert "+\N{NO-BREAK SPACE}€230.00" in page


def test_a_line_that_another_addendum_took_is_said_and_let_go(browser, save, write, both_sign, scope):
    addendum, other = write(DEARER), write(GONE, title="Without fittings")
    both_sign(other)

    shown = browser.get(reverse("clients:addendum", args=[addendum.pk])).content.decode()
    editor = browser.get(reverse("clients:addendum_edit", args=[addendum.pk])).content.decode()
    save(addendum)

    assert "It cannot be sent as it stands." in shown
    assert "Line 2 is not in the scope any more" in editor
    assert not addendum.changes.exists()


def test_what_was_sent_is_not_edited(browser, save, write, lena, thandi):
    addendum = write(DEARER)
    send(addendum.agreement, lena, thandi)

    looked = browser.get(reverse("clients:addendum_edit", args=[addendum.pk]))
    tried = save(addendum, title="Another")

    assert looked.url == addendum.get_absolute_url()
    assert "This is with the client now" in tried.content.decode()
    assert Addendum.objects.get(pk=addendum.pk).title == "A shelf more"


# In force when both have signed


def test_totals_follow_when_both_have_signed_and_not_before(write, both_sign, lena, thandi, scope):
    addendum = write(DEARER)
    agreement = addendum.agreement
    assert total(scope) == Decimal("1312.15")

    version = send(agreement, lena, thandi, name="")
    sign(agreement, version)
    assert (state(addendum), total(scope)) == (State.ACCEPTED, Decimal("1312.15"))

    countersign(agreement, thandi)
    assert (state(addendum), total(scope)) == (State.SIGNED, Decimal("1427.15"))


@pytest.mark.parametrize("end", ["declined", "lapsed", "withdrawn"])
def test_what_is_not_signed_changes_nothing(write, lena, thandi, scope, end):
    addendum = write(DEARER)
    agreement = addendum.agreement
    version = send(agreement, lena, thandi)

    match end:
        case "declined":
            actions.decline(agreement, why="Too dear.", shown=version.sha256, seen=SEEN, now=NOW)
        case "lapsed":
            actions.lapse_due(NOW + 20 * DAY)
        case "withdrawn":
            actions.withdraw(agreement, why="A mistake.", by=thandi, now=NOW)

    assert state(addendum) == end
    assert total(scope) == Decimal("1312.15")


def test_signed_totals_and_record_come_together_or_not_at_all(write, lena, thandi, scope):
    addendum = write(DEARER)
    version = send(addendum.agreement, lena, thandi)

    def fail(**kwargs):
        raise RuntimeError("a receiver fell")

    addendum_signed.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            sign(addendum.agreement, version)
    finally:
        addendum_signed.disconnect(fail)

    assert (state(addendum), total(scope)) == (State.SENT, Decimal("1312.15"))
    assert not addendum.agreement.signatures.filter(side="client").exists()
    kinds = Entry.objects.about(addendum.record_subject).values_list("kind", "data__side")
    assert ("agreement_signed", "client") not in kinds


@pytest.mark.parametrize("first", [0, 1])
def test_two_addenda_come_into_force_in_either_order(write, both_sign, scope, first):
    addenda = [write(DEARER), write(NEW, title="A shelf")]

    both_sign(addenda[first], NOW)
    both_sign(addenda[1 - first], NOW + HOUR)

    assert total(scope) == Decimal("1542.15")
    assert {state(addendum) for addendum in addenda} == {State.SIGNED}


def test_a_change_to_a_line_that_is_gone_is_not_sent(write, both_sign, lena, thandi):
    addendum, other = write(DEARER), write(GONE, title="Without fittings")
    both_sign(other)

    with pytest.raises(actions.Refused, match="Line 2 is not in the scope as it holds now"):
        send(addendum.agreement, lena, thandi)

    assert state(addendum) == State.DRAFT


def test_an_addendum_that_changes_nothing_is_not_sent(write, lena, thandi):
    addendum = write()

    with pytest.raises(actions.Refused, match="Say what it changes before you send it"):
        send(addendum.agreement, lena, thandi)

    assert state(addendum) == State.DRAFT


@pytest.mark.parametrize("between", [GONE, NEW])
def test_what_would_not_come_to_what_it_says_is_not_signed(write, both_sign, lena, thandi, scope, between):
    addendum = write(DEARER)
    version = send(addendum.agreement, lena, thandi)
    both_sign(write(between, title="Signed between"))
    holds = total(scope)

    with pytest.raises(actions.Changed, match="another addendum was signed"):
        sign(addendum.agreement, version)

    assert (state(addendum), total(scope)) == (State.SENT, holds)


# Who sees it, and what it costs


def test_a_member_writes_and_does_not_send(client, make_person, scope, write, thandi):
    addendum = write(DEARER)
    client.force_login(make_person("Nomsa Member"))

    page = client.get(addendum.get_absolute_url()).content.decode()

    assert reverse("clients:addendum_edit", args=[addendum.pk]) in page
    assert reverse("clients:agreement_send", args=[addendum.agreement_id]) not in page
    assert client.get(reverse("clients:agreement_send", args=[addendum.agreement_id])).status_code == 403


def test_hostile_words_are_printed_as_words(browser, write):
    addendum = write(DEARER | {"service": "<script>alert(1)</script>"}, reason="<img src=x onerror=alert(1)>")

    for name in ("addendum", "addendum_edit"):
        page = browser.get(reverse(f"clients:{name}", args=[addendum.pk])).content.decode()

        assert "<script>alert(1)" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("how_many", [1, 3])
def test_more_changes_cost_no_more_queries(browser, write, how_many, django_assert_num_queries):
    addendum = write(*[NEW | {"service": f"Shelf {number}"} for number in range(how_many)])
    browser.get(addendum.get_absolute_url())

    # session, user, addendum, firm, beat and oldest message for the line of truth; what is drafted: the firm, lines of
    # the scope, signed addenda, changes (before and after), dates; request, what happened
    with django_assert_num_queries(15):
        browser.get(addendum.get_absolute_url())


def test_looking_changes_nothing(browser, write):
    addendum = write(DEARER)
    entries = Entry.objects.count()

    for name in ("addendum", "addendum_edit"):
        assert browser.get(reverse(f"clients:{name}", args=[addendum.pk])).status_code == 200
    assert browser.get(reverse("clients:addendum_new", args=[addendum.scope_id])).status_code == 200

    assert Entry.objects.count() == entries
