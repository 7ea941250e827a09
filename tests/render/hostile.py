"""Text as an attacker, or a careless import, would leave it in a Salesforce name."""

from __future__ import annotations

from hypothesis import strategies as st

FIXED = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></table></svg><style>*{display:none}</style>",
    '=HYPERLINK("http://evil.example")',
    "+1-1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "'already marked",
    "''=1",
    "\x1b]0;owned\x07\x1b[2Jgone",
    "a\x00b",
    "\x9b31m",
    "Acme \u202etxt.exe\u202c",
    "\u2066isolated\u2069",
    "a\u200bb\ufeff",
    "two\nlines\r\nthree\u2028four",
    "pipe | `tick` **bold** [x](http://evil.example) @octocat #1 www.evil.example :tada:",
    "```\n</details>\n# heading",
    "{{ 7*7 }} {% raw %} [bold red]rich[/] :smile:",
    "_x0041_ &amp; &lt;",
    "שלום Ümläut 株式会社 👩‍👩‍👧",
)
hostile_text = st.one_of(
    st.sampled_from(FIXED),
    st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=40),
    st.text(alphabet="=+-@\t\r\n'\"<>&|`*_#\x00\x1b\u202e,;", min_size=1, max_size=12),
)
