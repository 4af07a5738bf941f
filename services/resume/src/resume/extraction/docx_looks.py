"""How the runs of a Word document look, and so whether anybody can see what they say."""

import re
from itertools import islice
from typing import Any, TypeAlias

from docx.oxml.ns import qn

TINY_HALF_POINTS = 3
MAX_STYLE_DEPTH = 10
WHITE = re.compile(r"^(?:[Ff][0-9A-Fa-f]){3}$")
WHITE_THEMES = ("background1", "light1")
OFF = ("0", "false", "off")
PLAIN_FILLS = (None, "auto", "FFFFFF")
BOX = qn("w:txbxContent")
# Word writes an element's properties first; looking no further keeps a paragraph of many runs cheap
PROPERTIES_WITHIN = 4
MAX_PROPERTIES = 64
HOLDERS_WITHIN = 16

Element: TypeAlias = Any  # lxml's elements are untyped here


def property_of(element: Element, properties: str, name: str) -> Element | None:
    """Return a property of an element, from among the first children, where its properties stand."""
    tag = qn(properties)
    for child in islice(element, PROPERTIES_WITHIN):
        if child.tag == tag:
            wanted = qn(name)
            return next((value for value in islice(child, MAX_PROPERTIES) if value.tag == wanted), None)
    return None


def _is_shaded(element: Element) -> bool:
    for holder in [element, *islice(element.iterancestors(), HOLDERS_WITHIN)]:
        for properties in ("w:rPr", "w:pPr", "w:tcPr"):
            shade = property_of(holder, properties, "w:shd")
            if shade is not None and shade.get(qn("w:fill")) not in PLAIN_FILLS:
                return True
        if holder.tag == BOX:
            return True
    return False


def _is_white(color: Element) -> bool:
    if color.get(qn("w:themeColor")) in WHITE_THEMES and color.get(qn("w:themeShade")) is None:
        return True
    return WHITE.match(color.get(qn("w:val"), "")) is not None


class Looks:
    """How runs look, by their own properties and those of the styles they have."""

    def __init__(self, styles: Element) -> None:
        self._styles = {style.get(qn("w:styleId")): style for style in styles.iterchildren(qn("w:style"))}
        self._known: dict[tuple[str | None, str], Element | None] = {}

    def hides(self, run: Element) -> bool:
        """Return True where nobody can see what a run says."""
        vanish = self._find(run, "w:vanish")
        if vanish is not None and vanish.get(qn("w:val")) not in OFF:
            return True
        size = self._find(run, "w:sz")
        half_points = "" if size is None else size.get(qn("w:val"), "")
        if half_points.isdigit() and int(half_points) <= TINY_HALF_POINTS:
            return True
        color = self._find(run, "w:color")
        return color is not None and _is_white(color) and not _is_shaded(run)

    def _find(self, run: Element, name: str) -> Element | None:
        """Return the nearest property of that name: the run's, its style's, its paragraph's style's."""
        paragraph = next(run.iterancestors(qn("w:p")), None)
        own = property_of(run, "w:rPr", name)
        if own is not None:
            return own
        chosen = [property_of(run, "w:rPr", "w:rStyle")]
        if paragraph is not None:
            chosen.append(property_of(paragraph, "w:pPr", "w:pStyle"))
        values = (self._of_style(style.get(qn("w:val")), name) for style in chosen if style is not None)
        return next((value for value in values if value is not None), None)

    def _of_style(self, style_id: str | None, name: str) -> Element | None:
        """Return a style's property, looked up once for all runs that have the style."""
        if (style_id, name) not in self._known:
            self._known[style_id, name] = self._inherited(style_id, name)
        return self._known[style_id, name]

    def _inherited(self, style_id: str | None, name: str) -> Element | None:
        for _ in range(MAX_STYLE_DEPTH):
            style = self._styles.get(style_id)
            if style is None:
                return None
            value = style.find(f"{qn('w:rPr')}/{qn(name)}")
            if value is not None:
                return value
            base = style.find(qn("w:basedOn"))
            style_id = None if base is None else base.get(qn("w:val"))
        return None
