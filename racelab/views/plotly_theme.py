"""The plotly templates: quiet grids, one font, both grounds."""

import plotly.graph_objects as go

from racelab.views.theme import FONT, palette


def template(dark: bool) -> go.layout.Template:
    """The template of figures on the dark ground of live pages, or the light one of reports."""
    colours = palette(dark)
    axis = {
        "gridcolor": colours.line, "gridwidth": 1, "zeroline": False, "linecolor": colours.line, "ticks": "outside",
        "tickcolor": colours.line, "ticklen": 4, "tickfont": {"color": colours.quiet, "size": 11},
        "title": {"font": {"color": colours.quiet, "size": 12}, "standoff": 8}, "automargin": True,
    }  # fmt: skip
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 12, "color": colours.text},
            "title": {"font": {"size": 14}, "x": 0, "xref": "container", "xanchor": "left", "pad": {"l": 12}},
            "paper_bgcolor": colours.panel if dark else colours.background,
            "plot_bgcolor": colours.panel if dark else colours.background,
            "xaxis": {**axis, "showgrid": False},
            "yaxis": axis,
            "margin": {"l": 12, "r": 64, "t": 44, "b": 12},
            "hoverlabel": {"font": {"family": FONT, "color": colours.text}, "bgcolor": colours.background},
            "showlegend": False,
            "annotationdefaults": {"font": {"color": colours.text}, "showarrow": False},
        }
    )
