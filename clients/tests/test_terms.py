import json

import pytest

from clients.terms import as_blocks, as_html


def test_headings_begin_below_those_of_the_page_and_leave_none_out():
    html = as_html("# One\n\n#### Two\n\n## Three")

    assert html == "<h3>One</h3>\n<h4>Two</h4>\n<h4>Three</h4>\n"


def test_html_in_the_text_is_shown_as_it_was_typed():
    html = as_html("<script>alert(1)</script> <img src=x onerror=alert(1)>")

    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_a_link_tells_its_target_nothing_about_the_page():
    html = as_html("[how](https://word.example/how)")

    assert html == '<p><a href="https://word.example/how" rel="noopener noreferrer nofollow">how</a></p>\n'


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "/etc/passwd", "file:///etc/passwd"])
def test_other_addresses_stay_words(address):
    assert "<a" not in as_html(f"[x]({address})")
    assert as_blocks(f"[x]({address})") == [{"kind": "paragraph", "inline": [{"text": f"[x]({address})"}]}]


def test_a_picture_is_never_fetched():
    assert "<img" not in as_html("![x](https://word.example/x.png)")


def test_the_page_and_the_paper_read_the_same_terms():
    pay = "# Pay\n\n3. *A **third***\n   - by `transfer`"

    blocks = as_blocks(pay + "\n\n> [Ask](mailto:a@b.example)\n\n|a|b|\n|-|-|\n|1|2|")

    assert blocks == [
        {"kind": "heading", "level": 1, "inline": [{"text": "Pay"}]},
        {
            "kind": "list",
            "ordered": True,
            "start": 3,
            "items": [
                [
                    {
                        "kind": "paragraph",
                        "inline": [
                            {"text": "A ", "italic": True},
                            {"text": "third", "bold": True, "italic": True},
                        ],
                    },
                    {
                        "kind": "list",
                        "ordered": False,
                        "start": 1,
                        "items": [
                            [{"kind": "paragraph", "inline": [{"text": "by "}, {"text": "transfer", "code": True}]}]
                        ],
                    },
                ]
            ],
        },
        {
            "kind": "quote",
            "blocks": [{"kind": "paragraph", "inline": [{"text": "Ask", "link": "mailto:a@b.example"}]}],
        },
        {"kind": "table", "head": [[{"text": "a"}], [{"text": "b"}]], "rows": [[[{"text": "1"}], [{"text": "2"}]]]},
    ]


@pytest.mark.parametrize(
    "markdown",
    [
        "> " * 60 + "deep",
        "- " * 60 + "deep",
        "| a |\n|---|\n| b | deep |",
        "[deep]: https://word.example\n\nnothing links to it",
    ],
)
def test_no_word_is_lost_where_markdown_would_leave_it_out(markdown):
    assert "deep" in as_html(markdown)
    assert "deep" in json.dumps(as_blocks(markdown))


def test_letters_that_are_none_do_not_break_the_page():
    assert as_html("a\ud800b\x00c") == "<p>a?b\ufffdc</p>\n"
