"""Who works at the demonstration firm, and who its clients are. All of it is made up."""

from __future__ import annotations

from dataclasses import dataclass

FIRM = "Word & Co"
PASSWORD = "word-and-co-demo"
DOMAIN = "word-and-co.example"
ZONE = "Africa/Johannesburg"


@dataclass(frozen=True)
class Person:
    name: str
    title: str
    role: str
    phone: str = ""
    hours: tuple[tuple[str, str], ...] = ()
    share: str = "0.70"

    @property
    def key(self) -> str:
        return self.name.split()[0].lower()

    @property
    def email(self) -> str:
        return f"{self.key}@{DOMAIN}"


PEOPLE = [
    Person("Mara Botha", "Managing partner", "manager", "021 555 0101"),
    Person("Ayanda Khumalo", "Office administrator", "administrator", "021 555 0100"),
    Person("Thandi Mokoena", "Senior designer", "staff", "021 555 0102", (("09:00", "12:30"), ("13:00", "17:30"))),
    Person("Pieter van Wyk", "Accountant", "staff", "021 555 0103", (("08:00", "12:30"), ("13:00", "17:00")), "0.80"),
    Person("Naledi Dube", "Attorney", "staff", "021 555 0104", (("08:30", "12:30"), ("13:00", "16:30"))),
]
# What each of the owners mostly does, and what the firm calls it in its books.
TRADES = {"thandi": "design", "pieter": "accounts", "naledi": "legal"}
KINDS = {"design": "Design", "accounts": "Accounts", "legal": "Legal work"}
OWNERS = tuple(TRADES)


@dataclass(frozen=True)
class Someone:
    """A person at a client."""

    name: str
    role: str
    channel: str = "email"
    phone: str = ""
    language: str = ""
    zone: str = ""
    good: tuple[str, str] | None = None
    manner: str = ""


@dataclass(frozen=True)
class Customer:
    name: str
    lead: str
    trades: tuple[str, ...]
    contacts: tuple[Someone, ...]
    zone: str = ZONE
    language: str = "en"
    word_on: int | None = None
    word_every_days: int | None = None
    restricted: bool = False
    members: tuple[str, ...] = ()
    about: str = ""
    scopes: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        return "".join(letter for letter in self.name.lower() if letter.isalpha()) + ".example"


CUSTOMERS = [
    Customer(
        "Karoo Linen",
        "thandi",
        ("design",),
        (
            Someone("Lena Visser", "Owner", phone="021 555 0134", manner="Call first, then write. She plans her week."),
            Someone("Sipho Ndlovu", "Shop manager", "whatsapp", "072 555 0135", good=("09:00", "13:00")),
        ),
        word_on=4,
        about="Two shops and a web shop. Opening a third in spring.",
        scopes=("Third shop, look and fittings", "Web shop season pages"),
    ),
    Customer(
        "Baobab Books",
        "thandi",
        ("design",),
        (Someone("Miriam Adams", "Publisher", "call", "021 555 0140", good=("10:00", "15:00")),),
        word_every_days=10,
        scopes=("Autumn list, covers and catalogue",),
    ),
    Customer(
        "Marula Foods",
        "pieter",
        ("accounts",),
        (
            Someone("Johan Pretorius", "Financial director", "call", "011 555 0151", manner="Figures first."),
            Someone("Zanele Mthembu", "Bookkeeper", phone="011 555 0152"),
        ),
        word_on=1,
        about="Three late deliveries this half-year. Johan has asked twice whether we still have the capacity.",
        scopes=("Books and tax, current year",),
    ),
    Customer(
        "Protea Dental",
        "pieter",
        ("accounts",),
        (Someone("Dr Farah Ismail", "Partner", "sms", "082 555 0160", good=("12:30", "14:00")),),
        word_every_days=14,
        scopes=("Practice accounts and payroll",),
    ),
    Customer(
        "Kalk Bay Boatyard",
        "naledi",
        ("legal",),
        (Someone("Ruan Smit", "Yard master", "in_person", "021 555 0170"),),
        scopes=("Berth leases and safety papers",),
    ),
    Customer(
        "De Linde Architecten",
        "naledi",
        ("legal",),
        (
            Someone("Marieke de Linde", "Partner", language="nl", phone="+31 20 555 0180"),
            Someone("Joost Bakker", "Projectleider", language="nl", phone="+31 20 555 0181"),
        ),
        zone="Europe/Amsterdam",
        language="nl",
        word_on=3,
        scopes=("Cape Town branch, set-up",),
    ),
    Customer(
        "Thames Street Lettings",
        "pieter",
        ("accounts", "legal"),
        (
            Someone("Helen Marsh", "Director", phone="+44 20 5550 0190"),
            Someone("Owen Price", "Office", "letter", "+44 20 5550 0191"),
        ),
        zone="Europe/London",
        word_on=4,
        scopes=("South African holdings",),
    ),
    Customer(
        "Ubuntu Youth Trust",
        "thandi",
        ("design",),
        (Someone("Nomvula Sithole", "Director", "whatsapp", "073 555 0200"),),
        word_every_days=7,
        about="A charity. Their board meets on the first Tuesday of the month.",
        scopes=("Annual report and appeal",),
    ),
    Customer(
        "Stellenberg Wynkelder",
        "pieter",
        ("accounts",),
        (Someone("Annelie Louw", "Bestuurder", phone="021 555 0210", language="af"),),
        language="af",
        word_on=0,
        scopes=("Cellar accounts and export papers",),
    ),
    Customer(
        "Hudson Tea Importers",
        "thandi",
        ("design",),
        (Someone("Grace Chen", "Brand lead", phone="+1 212 555 0150", good=("09:00", "12:00")),),
        zone="America/New_York",
        word_every_days=10,
        scopes=("Rooibos range, packaging",),
    ),
    Customer(
        "Nkosi family estate",
        "naledi",
        ("legal",),
        (Someone("Busisiwe Nkosi", "Executor", "call", "083 555 0230", manner="Never by text. She is grieving."),),
        restricted=True,
        members=("pieter",),
        scopes=("Winding up of the estate",),
    ),
    Customer(
        "Windhoek Solar",
        "naledi",
        ("legal",),
        (
            Someone("Tuli Shikongo", "Operations", phone="+264 61 555 024"),
            Someone("Anna Gaspar", "Former buyer", phone="+264 61 555 025"),
        ),
        zone="Africa/Windhoek",
        word_every_days=14,
        scopes=("Supply and roof-lease agreements",),
    ),
]
