"""Showing HTML that came from outside: cleaned, and alone in a frame that may do nothing.

The frame has its own address, is sandboxed, and its answer carries `FRAME_POLICY`: even what slipped through the cleaning could not
run, load or send anything.
"""

from __future__ import annotations

import nh3

TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "code", "dd", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i"),
    *("li", "ol", "p", "pre", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"),
    *("u", "ul"),
}
ATTRIBUTES = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}, "ol": {"start"}}
FRAME_POLICY = (
    "default-src 'none'; style-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; sandbox allow-popups"
)


def safe(html: str) -> str:
    """The HTML without scripts, styles, images (they tell the sender who reads) and links to anything but web, mail and phone."""
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        strip_comments=True,
    )


def as_text(html: str) -> str:
    """The words of the HTML, for search, lists and mails."""
    import html as entities

    broken = html.replace("<br>", "\n").replace("</p>", "</p>\n").replace("</div>", "</div>\n")
    return entities.unescape(nh3.clean(broken, tags=set(), attributes={})).strip()
