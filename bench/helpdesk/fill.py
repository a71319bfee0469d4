"""Fills django-helpdesk's database: `fill.py TICKETS`. Three tenths open, 20 queues, 50 staff, 2 follow-ups each."""

import sys

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402  after Django is set up
from django.db import connection, transaction  # noqa: E402
from helpdesk.models import Queue  # noqa: E402

QUEUES, STAFF, FOLLOW_UPS = 20, 50, 2
ESCALATE_DAYS = 3
TICKETS = """
INSERT INTO helpdesk_ticket (
    title, created, modified, submitter_email, status, on_hold, description, priority, due_date, assigned_to_id,
    queue_id, secret_key)
SELECT 'Ticket ' || number, made, made, 'lena' || number %% 1000 || '@client.example',
    CASE WHEN status < 0.3 THEN 1 + (status < 0.15)::int ELSE 3 + (status < 0.65)::int END, false,
    repeat('The drawings of the second floor are with the engineer. ', 4), 3, made + interval '14 days',
    %(first_staff)s + floor(%(staff)s * random())::int, %(first_queue)s + floor(%(queues)s * random())::int,
    md5(number::text)
FROM (
    SELECT number, status,
        now() - (CASE WHEN status < 0.3 THEN 1 + 20 * random() ELSE 1000 * random() END) * interval '1 day' AS made
    FROM (SELECT number, random() AS status FROM generate_series(1, %(size)s) AS number) AS drawn
) AS dated
"""
FOLLOW_UP = """
INSERT INTO helpdesk_followup (date, title, comment, public, ticket_id, user_id, email_recipients)
SELECT created + turn * interval '6 hours', 'Comment', repeat('We have asked the supplier. ', 5), true, id,
    assigned_to_id, '[]'
FROM helpdesk_ticket CROSS JOIN generate_series(1, %(follow_ups)s) AS turn
"""


def main(size: int) -> None:
    with transaction.atomic():
        boss = User.objects.create_superuser("boss", "boss@word.example", "a long enough password")
        staff = [User.objects.create(username=f"s{n}", is_staff=True, password=boss.password) for n in range(STAFF)]
        queues = [
            Queue.objects.create(title=f"Queue {n}", slug=f"q{n}", escalate_days=ESCALATE_DAYS) for n in range(QUEUES)
        ]
        values = {"first_staff": staff[0].pk, "staff": STAFF, "first_queue": queues[0].pk, "queues": QUEUES}
        with connection.cursor() as cursor:
            cursor.execute("SELECT setseed(0.4)")
            cursor.execute(TICKETS, values | {"size": size})
            cursor.execute(FOLLOW_UP, {"follow_ups": FOLLOW_UPS})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    main(int(sys.argv[1]))
