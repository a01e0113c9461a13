"""The stored part of FastF1's sources, by path: what a mirror would answer."""

import gzip
import importlib.util
import sys
from types import ModuleType

from tests.conftest import DATA


def _tool() -> ModuleType:
    path = DATA.parent / "tools" / "f1_mirror.py"
    spec = importlib.util.spec_from_file_location("f1_mirror_tool", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def contents(path: str) -> bytes | None:
    """The body of a path, with its query behind a question mark, or None where the mirror lacks it."""
    name, _, query = path.partition("?")
    file = _tool().locate(name, query)
    return None if file is None else gzip.decompress(file.read_bytes())
