"""What a PDF's page draws besides text, and in which order: what lies behind a letter, and what covers it."""

import ctypes
from collections.abc import Iterator, Sequence

import pypdfium2
import pypdfium2.raw as pdfium

from resume.extraction.pdf_layers import Layer, Point, foremost
from resume.extraction.pdf_rows import Box

WHITE_FROM = 240
SCAN_FROM = 0.5
RECTANGLE_SEGMENTS = 5
MAX_MARKS = 200
MAX_CLIPS = 8
MAX_CLIP_POINTS = 64
MARK_POINTS = (1.5, 8.0)
NOWHERE: Box = (0.0, 0.0, 0.0, 0.0)
PAINTED = (pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_SHADING)


class Painting:
    """Everything drawn on one page, in its order.

    `list_marks` are where small shapes are drawn; browsers draw the marks of a list instead of writing them.
    """

    def __init__(self, page: pypdfium2.PdfPage) -> None:
        self.list_marks: list[Box] = []
        self._grounds: list[Layer] = []
        self._covers: list[Layer] = []
        self._order: dict[int, int] = {}
        visible_text = False
        pictured = 0.0
        order = 0
        for order, page_object in enumerate(page.get_objects()):
            if page_object.type == pdfium.FPDF_PAGEOBJ_TEXT:
                self._order[_address(page_object.raw)] = order
                visible_text |= (
                    pdfium.FPDFTextObj_GetTextRenderMode(page_object.raw)
                    != pdfium.FPDF_TEXTRENDERMODE_INVISIBLE
                )
            elif page_object.type in PAINTED:
                box = _bounds_of(page_object)
                if _is_coloured(page_object):
                    self._grounds.append(Layer(order, box))
                if self._order and _is_opaque(page_object, box):
                    self._covers.append(Layer(order, box))
                if (
                    page_object.type == pdfium.FPDF_PAGEOBJ_PATH
                    and _is_small(box)
                    and len(self.list_marks) < MAX_MARKS
                ):
                    self.list_marks.append(box)
                if page_object.type == pdfium.FPDF_PAGEOBJ_IMAGE:
                    pictured = max(pictured, _area(box))
        self._last = order + 1
        self.is_recognised_scan = not visible_text and pictured >= SCAN_FROM * _area(page.get_bbox())

    def covered(self, points: Sequence[Point], texts: Sequence[object]) -> list[bool]:
        """Return for letters of text objects whether something opaque is drawn over them."""
        covers = foremost(points, self._covers)
        return [
            cover is not None and cover > self._drawn(text) for cover, text in zip(covers, texts, strict=True)
        ]

    def grounded(self, points: Sequence[Point], texts: Sequence[object]) -> list[bool]:
        """Return for letters of text objects whether something coloured was drawn before, behind them."""
        first = foremost(points, [Layer(-layer.order, layer.box) for layer in self._grounds])
        return [
            order is not None and -order < self._drawn(text) for order, text in zip(first, texts, strict=True)
        ]

    def _drawn(self, text: object) -> int:
        return self._order.get(_address(text), self._last) if text else self._last


def _address(pointer: object) -> int:
    """Return where an object of pdfium's lies, by which two pointers to it are known to be the same."""
    return ctypes.cast(pointer, ctypes.c_void_p).value or 0  # type: ignore[arg-type]


def _bounds_of(shape: pypdfium2.PdfObject) -> Box:
    """Return where a shape lies; one that pdfium can't place lies nowhere."""
    try:
        box: Box = shape.get_bounds()
    except pypdfium2.PdfiumError:
        return NOWHERE
    return box


def _is_small(box: Box) -> bool:
    least, most = MARK_POINTS
    return least <= box[2] - box[0] <= most and least <= box[3] - box[1] <= most


def _area(box: Box) -> float:
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def _fill(shape: pypdfium2.PdfObject) -> tuple[int, int] | None:
    """Return the darkest channel and the opacity of a path's filling, 0 to 255; None where it has none."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(shape, ctypes.byref(fill), ctypes.byref(stroke))
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    parts = [ctypes.byref(channel) for channel in (red, green, blue, alpha)]
    if fill.value == pdfium.FPDF_FILLMODE_NONE or not pdfium.FPDFPageObj_GetFillColor(shape, *parts):
        return None
    return min(red.value, green.value, blue.value), alpha.value


def _is_coloured(shape: pypdfium2.PdfObject) -> bool:
    if shape.type != pdfium.FPDF_PAGEOBJ_PATH:
        return True
    fill = _fill(shape)
    return fill is not None and fill[0] < WHITE_FROM and fill[1] > 0


def _is_opaque(shape: pypdfium2.PdfObject, box: Box) -> bool:
    """Return True for a picture or rectangle that surely hides what was drawn before, as far as its box reaches."""
    if shape.level or pdfium.FPDFPageObj_HasTransparency(shape):
        return False
    if shape.type == pdfium.FPDF_PAGEOBJ_PATH:
        fill = _fill(shape)
        if fill is None or fill[1] < 255 or pdfium.FPDFPath_CountSegments(shape) > RECTANGLE_SEGMENTS:
            return False
    elif shape.type != pdfium.FPDF_PAGEOBJ_IMAGE:
        return False
    clip = pdfium.FPDFPageObj_GetClipPath(shape)
    return not clip or all(_holds(path, box) for path in _clips(clip))


def _clips(clip: object) -> Iterator[Box]:
    """Yield what a clip's paths leave to see; one of very many points is taken to leave nothing."""
    x, y = ctypes.c_float(), ctypes.c_float()
    paths = max(pdfium.FPDFClipPath_CountPaths(clip), 0)
    if paths > MAX_CLIPS:
        yield NOWHERE
    for path in range(min(paths, MAX_CLIPS)):
        points = []
        segments = max(pdfium.FPDFClipPath_CountPathSegments(clip, path), 0)
        if segments > MAX_CLIP_POINTS:
            yield NOWHERE
        for index in range(min(segments, MAX_CLIP_POINTS)):
            segment = pdfium.FPDFClipPath_GetPathSegment(clip, path, index)
            pdfium.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y))
            points.append((x.value, y.value))
        if points:
            across, up = zip(*points, strict=True)
            yield min(across), min(up), max(across), max(up)


def _holds(outer: Box, inner: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]
