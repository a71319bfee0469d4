"""What the people of the demonstration firm and its clients promise, say and write. All of it is made up."""

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

# What was promised, and how many hours it was thought to take.
JOBS: dict[str, list[tuple[str, int]]] = {
    "design": [
        ("Shop fittings drawings", 14),
        ("Window display for {month}", 6),
        ("Price tickets, print ready", 4),
        ("Draft of the {month} catalogue", 18),
        ("Cover roughs, three ideas", 8),
        ("Cover, final files", 5),
        ("Photo list for the {month} shoot", 3),
        ("Retouched photographs, first twenty", 10),
        ("Signage plan for the car park side", 7),
        ("Newsletter for {month}", 4),
        ("Packaging proofs", 9),
        ("Colour samples on the real paper", 3),
        ("Season pages, layout", 12),
        ("Banner set for the web", 5),
        ("Poster for the open day", 6),
        ("Type corrections from the printer", 2),
        ("Annual report, chapters one to three", 16),
        ("Annual report, tables and charts", 11),
        ("Appeal letter, two versions", 5),
        ("Brand guide, short form", 13),
        ("Exhibition panel texts set", 8),
        ("Delivery van lettering", 4),
    ],
    "accounts": [
        ("VAT return for {month}", 5),
        ("Payroll for {month}", 4),
        ("Management accounts for {month}", 9),
        ("Bank reconciliation for {month}", 3),
        ("Creditors list, cleared and explained", 6),
        ("Cash forecast, thirteen weeks", 8),
        ("Draft annual statements", 20),
        ("Annual statements, final", 10),
        ("Answer to the revenue service's letter", 5),
        ("Provisional tax, second payment", 6),
        ("Stock count sheets for {month}", 3),
        ("Fixed assets register, brought up to date", 9),
        ("Loan schedule for the bank", 4),
        ("Export papers for {month}", 5),
        ("Skills levy and injury fund returns", 6),
        ("Rent roll for {month}", 4),
        ("Comparison of two insurance offers", 3),
        ("Directors' loan accounts explained", 5),
        ("Budget for the new financial year", 14),
        ("Debtors over sixty days, letters out", 6),
        ("Medical aid allocations corrected", 4),
        ("Clean trial balance for {month}", 5),
    ],
    "legal": [
        ("Draft lease for berth {number}", 7),
        ("Review of the supplier's terms", 6),
        ("Shareholders' agreement, first draft", 18),
        ("Shareholders' agreement, clean text", 8),
        ("Letter of demand, ready to sign", 3),
        ("Opinion on the notice period", 5),
        ("Employment contract for the site manager", 4),
        ("Privacy notice for the web site", 5),
        ("Company registration papers lodged", 6),
        ("Minutes and resolutions for {month}", 3),
        ("Power of attorney, two originals", 2),
        ("List of the estate's assets", 12),
        ("Letters to the bank and the insurer", 4),
        ("Liquidation account, draft", 16),
        ("Roof-lease agreement, marked up", 9),
        ("Answer to their attorney's letter", 4),
        ("Trade mark search and advice", 7),
        ("Safety policy in plain words", 8),
        ("Settlement proposal", 6),
        ("Deed of transfer, checked", 5),
        ("Terms of business, short form", 10),
        ("Work permit papers for {month}", 6),
    ],
}

STEPS = {
    "design": ("Measure and collect", "Roughs", "Your choice", "Final drawing", "Files to you"),
    "accounts": ("Papers received", "Entries made", "Checked by a second person", "Sent to you"),
    "legal": ("Papers read", "First draft", "Your remarks taken in", "Clean text"),
}

# For the client: what was achieved, then what is left.
PROGRESS = {
    "design": (
        "The measuring is done and the roughs are on the wall. Next we draw the one you like best in full.",
        "Two of the three ideas are worked out. The third follows tomorrow morning.",
        "The layout stands and the texts are in. The pictures are being fitted now.",
        "Everything is drawn. What is left is the check against the printer's list.",
        "The colours are settled with the printer. The files are being made ready.",
    ),
    "accounts": (
        "All slips are in and sorted. We are making the entries now.",
        "The bank agrees to the cent. Two supplier accounts are still being cleared.",
        "The figures are complete; a second person is checking them.",
        "Everything is booked up to the last day of the month. The report is being written.",
        "The schedules are done. What is left is the covering letter.",
    ),
    "legal": (
        "We have read all the papers. The first draft is half written.",
        "The first draft is complete. A colleague is reading it against the papers.",
        "Your remarks are taken in, apart from clause 7, on which we suggest another wording.",
        "The text is agreed on both sides. We are making the clean copies.",
        "The search at the register is done and nothing stands against it. The letter follows.",
    ),
}
MAY_BE_LATE = {
    "design": "The drawings came out larger than we planned for. Half of them are done; the rest needs longer.",
    "accounts": "Four statements from the bank arrived in a form that we must enter by hand. Half of them are in.",
    "legal": "The other side sent a new version on two points. We have read it and are working it in.",
}
DONE = {
    "design": "The files are with you, with a list of what is in each.",
    "accounts": "It has been sent in, and the copy and the receipt are with you.",
    "legal": "The clean text is with you, ready to sign.",
}
NOTES = (
    "Check the rate before this goes out; last time it was the old one.",
    "The junior did the first pass. Look at page two yourself.",
    "More work than quoted. Raise it at the next scope, not with the client now.",
    "They read mails in the evening; an answer by the next morning is normal.",
    "Keep the earlier version, they may come back to it.",
)
OBSTACLES = (
    "We need the last statements from the bank.",
    "The printer closes for a week in the middle of the month.",
    "The other side has asked for more time before.",
    "Two people must sign, and one of them travels.",
)
CLIENT_WORDS = (
    "Can we have it before the weekend? Then I can read it in peace.",
    "We open on the Saturday, so it has to be up by the Friday.",
    "The bank wants it that week, not a day later.",
    "As long as I know when it comes, I can plan around it.",
)
WAITING = {
    "design": "your choice between the two colours",
    "accounts": "the bank statements of the second account",
    "legal": "your signed copy of the mandate",
}
REASONS = {
    "more_work": "There were more pages to it than we saw when we promised.",
    "waiting_client": "The measurements reached us a week later than agreed.",
    "waiting_others": "The registry answered later than it had said.",
    "our_planning": "We planned two days too few for the checking.",
    "client_wish": "You asked to take in the new prices first.",
}

# Letters, by the language of whoever reads them.
LETTERS = {
    "en": {
        "dear": "Dear {name},",
        "made": "We promise you: {what}, {due}.",
        "progress": "{what}: {text}",
        "may_be_late": "{what} may not be ready {due}. {text} You will hear from us again tomorrow, with a date.",
        "late": "{what} was due {due} and is not ready. {text} You will have a date from us tomorrow.",
        "moved": "{what} moves from {due} to {new}. {text} Tell us whether that suits you.",
        "done": "{what} is done. {text}",
        "link": "You can see how it stands at any time:",
        "end": "Kind regards,",
        "subject": {
            "made": "What we promised: {what}",
            "progress": "How it stands: {what}",
            "may_be_late": "May be late: {what}",
            "late": "Late: {what}",
            "moved": "New date: {what}",
            "done": "Done: {what}",
        },
    },
    "af": {
        "dear": "Beste {name},",
        "made": "Ons belowe u: {what}, {due}.",
        "progress": "{what}: ons is op koers en die datum staan.",
        "may_be_late": "{what} is dalk nie klaar {due} nie. U hoor môre weer van ons, met 'n datum.",
        "late": "{what} moes klaar wees {due} en is nog nie. U hoor môre van ons, met 'n datum.",
        "moved": "{what} skuif van {due} na {new}. Laat weet asseblief of dit u pas.",
        "done": "{what} is klaar.",
        "link": "U kan enige tyd sien hoe dit staan:",
        "end": "Vriendelike groete,",
        "subject": {
            "made": "Wat ons beloof het: {what}",
            "progress": "Hoe dit staan: {what}",
            "may_be_late": "Dalk laat: {what}",
            "late": "Laat: {what}",
            "moved": "Nuwe datum: {what}",
            "done": "Klaar: {what}",
        },
    },
    "nl": {
        "dear": "Beste {name},",
        "made": "Wij beloven u: {what}, {due}.",
        "progress": "{what}: we liggen op schema en de datum staat.",
        "may_be_late": "{what} is misschien niet klaar {due}. U hoort morgen weer van ons, met een datum.",
        "late": "{what} had klaar moeten zijn {due} en is dat niet. U hoort morgen van ons, met een datum.",
        "moved": "{what} gaat van {due} naar {new}. Laat ons weten of dat u schikt.",
        "done": "{what} is klaar.",
        "link": "U kunt altijd zien hoe het ervoor staat:",
        "end": "Met vriendelijke groet,",
        "subject": {
            "made": "Wat wij beloofden: {what}",
            "progress": "Hoe het ervoor staat: {what}",
            "may_be_late": "Misschien later: {what}",
            "late": "Te laat: {what}",
            "moved": "Nieuwe datum: {what}",
            "done": "Klaar: {what}",
        },
    },
}

# What scopes say, by trade: service, description, quantity, unit, price, and the turnaround in working days.
LINES = {
    "design": (
        ("Look and layout", "Two directions to choose from, then two rounds of changes.", "1", "set", "18500", 10),
        ("Drawings and files", "Ready for the printer or the maker.", "6", "sheet", "1450", 5),
        ("Proofs at the printer", "We are there for the first run.", "2", "visit", "2200", 3),
    ),
    "accounts": (
        ("Monthly books", "Bank, debtors, creditors and payroll.", "12", "month", "7800", None),
        ("Annual statements", "With the tax return and one meeting to go through them.", "1", "set", "24000", 20),
        ("Questions by phone", "Up to two hours a month.", "12", "month", "950", None),
    ),
    "legal": (
        ("First draft", "After one meeting of at most two hours.", "1", "paper", "14500", 8),
        ("Changes", "Two rounds, each answered in writing.", "2", "round", "3200", 4),
        ("Signing and lodging", "With the fees of the office.", "1", "paper", "5600", 6),
    ),
}
SUMMARIES = {
    "design": "We design what you need, see it through to the printer, and tell you before a date moves.",
    "accounts": "We keep your books through the year, hand in what is due, and tell you before a date moves.",
    "legal": "We write the papers with you, in plain words, and tell you before a date moves.",
}
NOT_INCLUDED = {
    "design": "Photographs and fonts that have to be bought\nPrinting itself",
    "accounts": "Audits\nDisputes with the tax office",
    "legal": "Court work\nNotary's fees outside South Africa",
}
TIMELINES = {
    "design": "The first directions within ten working days of signing. Each part has its own date, told to you.",
    "accounts": "Books by the fifteenth of the month that follows. Statements within four months of the year's end.",
    "legal": "The first draft within eight working days of our meeting.",
}
SIGNED_COPY = "Your signed copy: {title} ({number})"
SIGNED_COPY_TEXT = """Dear {name},

{number}, {title}, is signed by both sides. The sealed document is here for you:

{link}

{firm}
"""
TERMS = """## What you can expect

1. Every date that we promise is on your **progress page**. It moves only with your agreement.
2. If a date may not hold, you hear it from us *before* it passes.
3. The price stands. More work than we saw is our cost, unless you sign an addendum.

## What we need from you

- Answers within three working days
- One person who decides

## Payment

Within 30 days of the invoice, which follows the delivery of each line.
"""
# Asked for outside the scope: whose, what, minutes, the answer, and which solution was used.
REQUESTS = (
    (
        "Karoo Linen",
        "Could you also draw the window on the side street?",
        35,
        "Yes, as an addendum: it is a set of its own. We send it to you to sign.",
        0,
    ),
    ("Protea Dental", "Would you ring the medical aid for us about three old claims?", 50, "", None),
    (
        "Marula Foods",
        "Can the cash forecast come every quarter from now on?",
        25,
        "Gladly. It is not in the scope, so here is what it would come to.",
        1,
    ),
)
# Common questions and answers: title, when it helps, what to say, whose it is, and months until it is looked at again.
SOLUTIONS = (
    (
        "One more of the same, please",
        "A client asks for another drawing, page or paper like those that were agreed.",
        "Yes. It is not in what we agreed, so we write it down with its price and its date, and start when you sign.",
        "thandi",
        7,
    ),
    (
        "Could it come regularly?",
        "Something done once is asked for every month or quarter.",
        "It can. For so much each time, from the date you choose. The first one moves no date that you have from us.",
        "pieter",
        4,
    ),
    (
        "Earlier than the date",
        "A client wants it before the date that was promised.",
        "We can bring one part forward: choose which. The others then keep their dates.",
        "naledi",
        -1,
    ),
    (
        "A question for another profession",
        "Advice on tax, building or medicine that we do not give.",
        "That is not ours to answer well. These two do it well, and you may say that we sent you.",
        "naledi",
        9,
    ),
)
