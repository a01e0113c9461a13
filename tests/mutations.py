"""Frames with one part changed, for tests that mutate what a service sent."""

from hypothesis import strategies as st


def places(value, path=()):
    """The path of every part of a frame."""
    yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))


def mutate(draw, frame, strange):
    """The frame with one part replaced by something strange, taken out, or with a digit or separator of its text changed."""
    path = draw(st.sampled_from(list(places(frame))))
    if not path:
        return draw(strange)
    node = frame
    for key in path[:-1]:
        node = node[key]
    key, kind = path[-1], draw(st.integers(0, 3))
    if kind == 0:
        del node[key]
    elif kind == 1 and isinstance(node[key], str) and node[key]:
        at = draw(st.integers(0, len(node[key]) - 1))
        node[key] = node[key][:at] + draw(st.sampled_from("09;:-.xZ")) + node[key][at + 1 :]
    elif kind == 2 and isinstance(node[key], int):
        node[key] += draw(st.integers(-(10**6), 10**6))
    else:
        node[key] = draw(strange)
    return frame
