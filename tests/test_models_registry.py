"""Every trained model is kept with its card, whole or not at all, and what is broken or foreign is one clear line."""

import json
import pickle
import threading
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import racelab as rl
from racelab.errors import BadInput, MissingExtra, NotFound, RacelabError, StoreError
from racelab.models import registry
from racelab.models.device import _cuda_fault, xgboost_device
from racelab.models.registry.card import NEEDED
from racelab.settings import get_settings

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))


def card(**more) -> dict:
    made = {"model": "ridge", "data": {"sessions": 2, "first": 2018, "last": 2019, "n": 60}, "features": ["a", "b", "c"],
            "seeds": [0], "backtest": {"n": 40, "score": {"mae_ms": 390.5}}, "passed": True, "why": "it beats the last lap",
            "scope": "races", "limits": "no rain"}  # fmt: skip
    return {**made, **more}


def ridge():
    from sklearn.linear_model import Ridge

    return Ridge().fit(X, X[:, 0])


@pytest.fixture
def kept(tmp_path):
    """A folder of models with one in it, and that one's folder."""
    rows = pd.DataFrame({"lap_number": [1, 2], "predicted": [1.5, None]})
    return tmp_path, registry.save(
        tmp_path, "laptime", "f1", {"mean": ridge(), "notes": {"width": [0.1]}}, card(), rows
    )


def test_a_model_comes_back_with_its_parts_its_card_and_the_rows_of_its_backtest(kept):
    folder, path = kept
    saved = registry.newest(folder, "laptime", "f1")
    assert saved.path == path
    assert saved.name == f"laptime/f1/{path.name}"
    np.testing.assert_allclose(saved.parts["mean"].predict(X), ridge().predict(X))
    assert saved.parts["notes"] == {"width": [0.1]}
    assert saved.card["versions"]["racelab"] == rl.__version__
    assert saved.card["trained_utc"].startswith(f"{path.name[:4]}-{path.name[4:6]}-{path.name[6:8]}T")
    assert registry.rows(path)["predicted"].tolist()[0] == 1.5
    assert sorted(each.name for each in path.iterdir()) == [
        "backtest.parquet", "card.json", "mean.skops", "notes.json"
    ]  # fmt: skip
    assert [each.name for each in path.parent.iterdir()] == [path.name], "nothing half done is left"


@pytest.mark.parametrize("kind", ["XGBRegressor", "XGBRanker", "XGBClassifier", "Booster"])
def test_xgboost_keeps_its_own_json(tmp_path, kind):
    import xgboost

    y = (X[:, 0] > 0).astype(int)
    if kind == "Booster":
        model = xgboost.XGBRegressor(n_estimators=3, n_jobs=1).fit(X, y).get_booster()
        given_in, expected = xgboost.DMatrix(X), model.predict(xgboost.DMatrix(X))
    else:
        model = getattr(xgboost, kind)(n_estimators=3, n_jobs=1)
        model.fit(X, y, **({"group": [60]} if kind == "XGBRanker" else {}))
        given_in, expected = X, model.predict(X)
    path = registry.save(tmp_path, "finish", "f1", {"rank": model}, card())
    assert (path / "rank.xgboost.json").is_file()
    np.testing.assert_allclose(registry.load(path).parts["rank"].predict(given_in), expected)


def test_estimators_of_every_family_come_back_from_skops(tmp_path):
    from sklearn.ensemble import HistGradientBoostingRegressor, IsolationForest, RandomForestRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import RobustScaler

    y = X[:, 0]
    models = {
        "forest": RandomForestRegressor(3, random_state=0).fit(X, y),
        "isolation": IsolationForest(n_estimators=3, random_state=0).fit(X),
        "boosted": HistGradientBoostingRegressor(max_iter=3).fit(X, y),
        "quantile": HistGradientBoostingRegressor(max_iter=3, loss="quantile", quantile=0.9).fit(X, y),
        "pipeline": make_pipeline(SimpleImputer(), RobustScaler(), RidgeCV()).fit(X, y),
        "chance": LogisticRegression().fit(X, y > 0),
    }
    again = registry.load(registry.save(tmp_path, "laptime", "wec", models, card())).parts
    for name, model in models.items():
        np.testing.assert_allclose(again[name].predict(X), model.predict(X), err_msg=name)


def test_the_newest_that_passed_is_used_and_nothing_is_overwritten(kept):
    folder, first = kept
    second = registry.save(folder, "laptime", "f1", {}, card(model="second"))
    failed = registry.save(folder, "laptime", "f1", {}, card(passed=False, why="the last lap is better"))
    assert registry.newest(folder, "laptime", "f1").path == second
    assert registry.newest(folder, "laptime", "f1", passed=False).path == failed
    assert first.is_dir()
    with pytest.raises(NotFound, match=r"no laptime model for wec in .*: run `racelab train laptime --series wec`"):
        registry.newest(folder, "laptime", "wec")
    registry.save(folder, "laptime", "wec", {}, card(passed=False, why="the last lap is better"))
    with pytest.raises(
        NotFound, match=r"no laptime model for wec passed its backtest \(the newest: the last lap is better\)"
    ):
        registry.newest(folder, "laptime", "wec")


def test_the_listing_tells_of_every_model_and_of_broken_ones_what_is_wrong(kept):
    folder, first = kept
    broken = registry.save(folder, "laptime", "f1", {}, card())
    (broken / "card.json").write_text('{"target": "laptime"', encoding="utf-8")
    listed = registry.listing(folder)
    assert listed["path"].tolist() == [str(broken), str(first)]
    assert listed["passed"].tolist() == [False, True]
    assert "train again" in listed["why"][0]
    good = listed.iloc[1]
    assert (good["first"], good["last"], good["n"], good["scored"], good["score"]) == (
        2018,
        2019,
        60,
        40,
        "mae_ms 390.5",
    )
    assert registry.listing(folder / "nowhere").empty


def test_a_broken_model_is_passed_over_with_a_line_in_the_log(kept, caplog):
    folder, first = kept
    newer = registry.save(folder, "laptime", "f1", {"notes": {}}, card())
    (newer / "notes.json").unlink()
    assert registry.newest(folder, "laptime", "f1").path == first
    assert len(caplog.messages) == 1
    assert "notes.json cannot be read" in caplog.messages[0]


def test_old_flat_files_are_not_read(tmp_path):
    (tmp_path / "laptime_f1.json").write_text("{}", encoding="utf-8")
    assert registry.listing(tmp_path).empty
    with pytest.raises(NotFound, match="run `racelab train"):
        registry.newest(tmp_path, "laptime", "f1")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(damage=st.data())
def test_any_damage_to_any_file_is_one_clear_line(kept, damage):
    _, path = kept
    file = path / damage.draw(st.sampled_from(["card.json", "mean.skops", "notes.json"]))
    before = file.read_bytes()
    at = damage.draw(st.integers(0, len(before) - 1))
    kind = damage.draw(st.sampled_from(["cut", "byte", "gone"]))
    file.write_bytes(
        {
            "cut": before[:at],
            "byte": before[:at] + (b"\x01" if before[at] == 0 else b"\x00") + before[at + 1 :],
            "gone": b"",
        }[kind]
    )
    try:
        with pytest.raises(RacelabError) as caught:
            registry.load(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
    finally:
        file.write_bytes(before)


class Harm:
    """Would write a file where it were unpickled."""

    def __reduce__(self):
        return (Path.touch, (Path("harm"),))


def forged(path, name, content) -> None:
    """Put content in the place of a part and the right digest in the card."""
    from hashlib import sha256

    (path / name).write_bytes(content)
    told = json.loads((path / "card.json").read_text(encoding="utf-8"))
    for entry in told["parts"].values():
        if entry["file"] == name:
            entry["sha256"] = sha256(content).hexdigest()
    (path / "card.json").write_text(json.dumps(told), encoding="utf-8")


def test_foreign_files_are_refused_and_nothing_of_them_is_run(kept, monkeypatch):
    folder, path = kept
    monkeypatch.chdir(folder)
    for content in (pickle.dumps(Harm()), b"PK\x05\x06" + bytes(18), b""):
        forged(path, "mean.skops", content)
        with pytest.raises(BadInput, match="no model that racelab wrote"):
            registry.load(path)
    foreign = registry.save(folder, "laptime", "f1", {"mean": partial(print)}, card())
    with pytest.raises(BadInput, match=r"builtins.print.*train the model again|no model that racelab wrote"):
        registry.load(foreign)
    assert not (folder / "harm").exists()


def test_a_skops_archive_that_calls_for_foreign_types_is_refused(kept):
    _, path = kept
    whole = path / "mean.skops"
    with zipfile.ZipFile(whole) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(held["schema.json"])
    schema["__module__"], schema["__class__"], schema["__loader__"] = "os", "system", "TypeNode"
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in held.items():
            archive.writestr(name, json.dumps(schema) if name == "schema.json" else content)
    forged(path, "mean.skops", whole.read_bytes())
    with pytest.raises(BadInput, match="train"):
        registry.load(path)


@pytest.mark.parametrize("content", [b"{}", b"[]", b"nothing", b'{"learner": {}}'])
def test_what_is_no_model_of_xgboost_is_refused(tmp_path, content):
    import xgboost

    path = registry.save(
        tmp_path, "laptime", "f1", {"mean": xgboost.XGBRegressor(n_estimators=1, n_jobs=1).fit(X, X[:, 0])}, card()
    )
    forged(path, "mean.xgboost.json", content)
    with pytest.raises(BadInput, match="no model of XGBoost"):
        registry.load(path)


def test_a_card_names_no_file_outside_its_folder(kept):
    folder, path = kept
    (folder / "secret.json").write_text("{}", encoding="utf-8")
    told = json.loads((path / "card.json").read_text(encoding="utf-8"))
    told["parts"]["notes"]["file"] = "../../../secret.json"
    (path / "card.json").write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(BadInput, match=r"secret\.json cannot be read"):
        registry.load(path)


@pytest.mark.parametrize("lacking", [name for name in NEEDED if name not in ("target", "series")])
def test_a_card_says_everything_or_is_refused(tmp_path, lacking):
    half = {name: value for name, value in card().items() if name != lacking}
    with pytest.raises(BadInput, match=f"does not say {lacking}"):
        registry.save(tmp_path, "laptime", "f1", {}, half)


def test_what_json_does_not_hold_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(BadInput, match="the part notes holds what JSON does not"):
        registry.save(tmp_path, "laptime", "f1", {"notes": {"width": float("nan")}}, card())
    with pytest.raises(BadInput, match="the card holds what JSON does not"):
        registry.save(tmp_path, "laptime", "f1", {}, card(limits={1, 2}))
    for name in ("../up", "", "a/b", "A"):
        with pytest.raises(BadInput, match="is no name"):
            registry.save(tmp_path, name, "f1", {}, card())
    assert not list((tmp_path / "laptime" / "f1").iterdir())
    assert registry.listing(tmp_path).empty


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path):
    (tmp_path / "laptime").write_text("a file", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be written"):
        registry.save(tmp_path, "laptime", "f1", {}, card())


def test_training_and_loading_at_once_gives_whole_models_only(tmp_path):
    faults, ended = [], threading.Event()

    def write(number):
        for each in range(15):
            registry.save(tmp_path, "laptime", "f1", {"notes": {"from": [number, each]}}, card())
            registry.prune(tmp_path, "laptime", "f1", keep=4)

    def read():
        while not ended.is_set():
            try:
                assert registry.newest(tmp_path, "laptime", "f1").parts["notes"]["from"]
                registry.listing(tmp_path)
            except Exception as error:  # noqa: BLE001  # whatever it is, the test tells it
                faults.append(error)

    registry.save(tmp_path, "laptime", "f1", {"notes": {"from": [9, 9]}}, card())
    readers = [threading.Thread(target=read) for _ in range(2)]
    writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    ended.set()
    for thread in readers:
        thread.join()
    assert faults == []
    assert len(list((tmp_path / "laptime" / "f1").iterdir())) == 4


def test_pruning_keeps_the_newest(kept):
    folder, first = kept
    later = [registry.save(folder, "laptime", "f1", {}, card()) for _ in range(3)]
    assert registry.prune(folder, "laptime", "f1", keep=2) == 2
    assert sorted(first.parent.iterdir()) == sorted(later[1:])
    assert registry.prune(folder, "laptime", "imsa", keep=2) == 0


def test_the_device_of_xgboost_is_a_setting_and_a_gpu_that_is_not_there_is_told(monkeypatch):
    assert xgboost_device() == "cpu"
    monkeypatch.setenv("RACELAB_XGBOOST_DEVICE", "cuda")
    get_settings.cache_clear()
    _cuda_fault.cache_clear()
    fault = _cuda_fault()
    if fault is None:
        assert xgboost_device() == "cuda"
        return
    with pytest.raises(MissingExtra, match=r"RACELAB_XGBOOST_DEVICE is cuda, but .*or set it to cpu"):
        xgboost_device()
