"""Colours, fonts and letters of everything that racelab shows, in one place: dashboards, figures and reports."""

import colorsys
from dataclasses import dataclass

from racelab.domain.flags import Flag
from racelab.domain.tyres import Compound

# The system's own fonts, so that nothing is fetched; numbers are set with `tabular-nums`.
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', 'Helvetica Neue', Arial, sans-serif"


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one ground, dark or light; each text colour has a contrast of 4.5 at least on it."""

    name: str
    background: str
    panel: str
    line: str
    text: str
    quiet: str
    session_best: str
    personal_best: str
    classes: tuple[str, ...]


DARK = Palette(
    "dark", "#0e1116", "#171b22", "#2a313c", "#e8eaed", "#9aa4b2", "#c77dff", "#4ade80",
    ("#ff5c5c", "#5aa9ff", "#ffb347", "#f472b6", "#a78bfa", "#34d399"),
)  # fmt: skip
LIGHT = Palette(
    "light", "#ffffff", "#f5f6f8", "#dfe3e8", "#14181f", "#5b6573", "#7e22ce", "#15803d",
    ("#b91c1c", "#1d4ed8", "#b45309", "#be185d", "#6d28d9", "#047857"),
)  # fmt: skip

# Class -> its place among the class colours and the letters that go with the colour.
_CLASSES: dict[str, tuple[int, str]] = {
    "HYPERCAR": (0, "HY"), "LMH": (0, "LMH"), "LMP1": (0, "P1"), "GTP": (0, "GTP"), "DPI": (0, "DPI"),
    "LMP2": (1, "P2"), "P2": (1, "P2"),
    "LMGT3": (2, "GT3"), "GT3": (2, "GT3"), "GTD": (2, "GTD"),
    "GTDPRO": (3, "PRO"), "GTLM": (3, "GTLM"),
    "LMP3": (4, "P3"), "LMP2PRO/AM": (4, "P2A"), "LMP2 PRO/AM": (4, "P2A"),
    "GTE": (5, "GTE"), "LMGTE": (5, "GTE"), "LMGTEPRO": (3, "PRO"), "LMGTEAM": (5, "AM"), "INNOVATIVE": (4, "INV"),
}  # fmt: skip
TYRE_COLOURS: dict[str, str] = {
    Compound.SOFT: "#ff4d4d", Compound.MEDIUM: "#ffd12e", Compound.HARD: "#f2f2f2",
    Compound.INTERMEDIATE: "#43c463", Compound.WET: "#4aa3ff",
    Compound.SUPERSOFT: "#ff4d4d", Compound.ULTRASOFT: "#b04dff", Compound.HYPERSOFT: "#ff8ac2",
}  # fmt: skip
_FLAGS: dict[Flag, str] = {
    Flag.GREEN: "#22c55e", Flag.YELLOW: "#facc15", Flag.SLOW_ZONE: "#facc15", Flag.SAFETY_CAR: "#fb923c",
    Flag.VSC: "#fb923c", Flag.FCY: "#fb923c", Flag.CODE_60: "#fb923c", Flag.RED: "#ef4444", Flag.CHEQUERED: "#e8eaed",
}  # fmt: skip


def palette(dark: bool) -> Palette:
    """The palette of dark live pages or of light reports."""
    return DARK if dark else LIGHT


# Contrast with the ground that lines and that texts need at least.
LINE, TEXT = 3.0, 4.5


def readable(colour: str, dark: bool, least: float = TEXT) -> str:
    """The colour (#rrggbb), lightened or darkened in its own hue until its contrast with the ground suffices."""
    ground = palette(dark).panel if dark else palette(dark).background
    hue, light, saturation = colorsys.rgb_to_hls(*_parts(colour))
    for _ in range(100):
        if contrast(colour, ground) >= least:
            break
        light = min(1.0, light + 0.01) if dark else max(0.0, light - 0.01)
        colour = _hex(colorsys.hls_to_rgb(hue, light, saturation))
    return colour


def tint(colour: str, place: int, dark: bool) -> str:
    """A shade of the colour for the car at this place (from 0): the colour itself, then two that differ from it."""
    towards, share = (((1.0, 0.0), (1.0, 0.55), (0.0, 0.4)) if dark else ((0.0, 0.0), (0.0, 0.55), (1.0, 0.4)))[
        place % 3
    ]
    mixed = [part + (towards - part) * share for part in _parts(colour)]
    return readable(_hex((mixed[0], mixed[1], mixed[2])), dark, LINE)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (#rrggbb) as WCAG 2 defines it, from 1 to 21."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _hex(parts: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)


def has_colour(car_class: str | None) -> bool:
    """Whether the class has a colour of its own."""
    return _class_key(car_class) in _CLASSES


def class_colour(car_class: str | None, dark: bool = True) -> str:
    """The colour of a class; a class without one is shown in quiet text."""
    found = _CLASSES.get(_class_key(car_class))
    return palette(dark).classes[found[0]] if found else palette(dark).quiet


def class_letters(car_class: str | None) -> str:
    """Two to four letters that stand beside the class's colour; empty without a class."""
    found = _CLASSES.get(_class_key(car_class))
    return found[1] if found else (car_class or "")[:4].upper()


def tyre_colour(compound: str | None, dark: bool = True) -> str:
    """The colour of a compound's ring or segment; quiet where the source does not tell the compound.

    White tyres and yellow ones are darkened on paper, where they could not be seen.
    """
    if compound is None:
        return palette(dark).quiet
    shown = TYRE_COLOURS.get(compound, palette(dark).quiet)
    return shown if dark else {"#f2f2f2": "#8b93a0", "#ffd12e": "#d4a200"}.get(shown, shown)


def tyre_letter(compound: str | None) -> str:
    """The letter in the ring: S M H I W; an en dash where the compound is not known."""
    found = Compound._value2member_map_.get(compound)
    return found.letter if isinstance(found, Compound) else "–"


def flag_colour(flag: str | Flag | None) -> str:
    """The colour of a flag's band; quiet before the first flag."""
    return _FLAGS[Flag(flag)] if flag is not None and flag in Flag._value2member_map_ else DARK.quiet


def css_variables() -> str:
    """The colours as CSS custom properties, dark by default; for style sheets of widgets and pages."""
    return f".racelab {{ {_variables(DARK)} }}\n.racelab.rl-light {{ {_variables(LIGHT)} }}\n"


def _variables(colours: Palette) -> str:
    named = {name: getattr(colours, name) for name in ("background", "panel", "line", "text", "quiet")}
    named |= {"session-best": colours.session_best, "personal-best": colours.personal_best, "font": FONT}
    named |= {f"tyre-{compound}": tyre_colour(compound, colours is DARK) for compound in TYRE_COLOURS}
    named |= {f"flag-{flag.value}": colour for flag, colour in _FLAGS.items()}
    return " ".join(f"--rl-{name}: {value};" for name, value in named.items())


def _class_key(car_class: str | None) -> str:
    return (car_class or "").upper().replace("LMGTE ", "LMGTE").replace("GTD PRO", "GTDPRO").replace(" CUP", "").strip()
