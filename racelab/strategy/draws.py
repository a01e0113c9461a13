"""Random numbers by counter: a draw is a function of seed, race, lap, car and purpose.

So it is the same on any number of threads, and two strategies meet the same luck. The mixing is
splitmix64's finaliser (Steele, Lea and Flood 2014), applied once for each part of the counter.
numba compiles these lines, and NumPy arrays pass through the same ones.
"""

from typing import Any

import numpy as np
from numba.extending import register_jitable

FORM, NOISE, START, STOP_AT, PIT, PASS, RETIRE, WINDOW_START, WINDOW_LENGTH = range(9)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_ONE = np.uint64(1)
_UNIT = 1.0 / 9007199254740992.0  # 2**-53


@register_jitable
def mix(state: Any, part: Any) -> Any:
    """One more part of the counter, mixed into the state; both are uint64 and wrap around."""
    bits = (state + _GOLDEN) ^ (part * _MIX2)
    bits = (bits ^ (bits >> _S30)) * _MIX1
    bits = (bits ^ (bits >> _S27)) * _MIX2
    return bits ^ (bits >> _S31)


@register_jitable
def uniform(bits: Any) -> Any:
    """A number in (0, 1) from 64 bits."""
    return ((bits >> _S11) + 0.5) * _UNIT


@register_jitable
def normal(bits: Any) -> Any:
    """A standard normal number by Box and Muller, from 64 bits and their successor."""
    return np.sqrt(-2.0 * np.log(uniform(bits))) * np.cos(2.0 * np.pi * uniform(mix(bits, _ONE)))


@register_jitable
def draw(state: Any, car: Any, purpose: Any) -> Any:
    """The 64 bits for a car and a purpose; ``state`` is seed, race and lap, mixed; every part is a uint64."""
    return mix(mix(state, car), purpose)
