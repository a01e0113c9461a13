"""A lap-time model as the registry gives it back, of whichever family it is."""

from collections.abc import Mapping
from typing import Any

from racelab.models.laptime.endurance_model import EnduranceModel
from racelab.models.laptime.model import LapTimeModel


def of_parts(parts: Mapping[str, Any]) -> LapTimeModel | EnduranceModel:
    """The model whose parts these are; both families predict, learn a race (`updated`) and come apart alike.

    Raises:
        BadInput: a part is missing.
    """
    return EnduranceModel.of_parts(parts) if "centre" in parts else LapTimeModel.of_parts(parts)
