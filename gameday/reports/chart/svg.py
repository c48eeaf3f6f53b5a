"""SVG elements as text: the one place where text becomes markup, so escaped here."""

from html import escape

from gameday.reports.wording import clean, one_line


def attributes(**given: object) -> str:
    """Return attributes; `class_` is class, other underscores are dashes."""
    return "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(clean(str(value)))}"'
        for name, value in given.items()
        if value is not None and value != ""
    )


def element(tag: str, *inside: str, **given: object) -> str:
    """Return an element around markup that was made here."""
    body = "".join(inside)
    if not body:
        return f"<{tag}{attributes(**given)}/>"
    return f"<{tag}{attributes(**given)}>{body}</{tag}>"


def text(shown: str, x: float, y: float, **given: object) -> str:
    """Return a line of text; the whole of it as a tooltip where it was cut."""
    return element("text", escape(clean(shown)), x=round(x, 2), y=round(y, 2), **given)


def tooltip(words: str) -> str:
    """Return what a pointer over the element shows."""
    return element("title", escape(one_line(words, 300))) if words else ""


def rectangle(
    left: float, top: float, width: float, height: float, **given: object
) -> str:
    """Return a rectangle at least one unit wide; `title` becomes its tooltip."""
    inside = tooltip(str(given.pop("title", "")))
    return element(
        "rect",
        inside,
        x=round(left, 2),
        y=round(top, 2),
        width=round(max(width, 1.0), 2),
        height=round(height, 2),
        **given,
    )


def path(d: str, **given: object) -> str:
    """Return a path; `title` becomes its tooltip."""
    inside = tooltip(str(given.pop("title", "")))
    return element("path", inside, d=d, **given)
