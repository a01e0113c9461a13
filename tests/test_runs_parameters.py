"""Notebooks are found where they are, and run with nothing but allowed parameters."""

import pytest
from run_notebooks import SIDECAR, write_notebook

from racelab.commands.run import join_pairs, split_pair
from racelab.errors import BadInput, NotFound
from racelab.runs.notebooks import find_notebook, list_notebooks
from racelab.runs.parameters import allowed, complete, read_values
from racelab.settings import get_settings


@pytest.fixture
def folder(tmp_path):
    write_notebook(tmp_path / "notebooks", "some/small", ["number + 1"])
    (tmp_path / "outside.ipynb").write_text("{}")
    (tmp_path / "outside.yaml").write_text(SIDECAR)
    return tmp_path / "notebooks"


@pytest.fixture
def small(folder):
    return find_notebook("some/small", folder)


@pytest.mark.parametrize("name", ["some/small", "some/small.ipynb", "notebooks/some/small.ipynb", "some/../some/small"])
def test_a_notebook_is_its_path_with_or_without_the_ending(folder, name):
    found = find_notebook(name, folder)
    assert (found.name, found.title, found.tags, found.cached) == ("some/small", "A small notebook", ("test",), True)
    assert found.defaults == {"number": 2, "car_number": "7", "kind": "plain"}


@pytest.mark.parametrize("name", ["../outside", "some/none", "/etc/passwd", "some", "", "some/small.yaml"])
def test_what_is_not_there_or_outside_is_refused_with_what_there_is(folder, name):
    with pytest.raises(NotFound, match="there are some/small"):
        find_notebook(name, folder)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title: a\n", "not a sidecar"),
        ("- a\n", "not a sidecar"),
        ("title: [\n", "not a sidecar"),
        ("title: a\ndescription: b\nparameters: {x: {type: integer}}\n", "give a default to x"),
    ],
)
def test_a_sidecar_that_is_none_is_named(folder, text, says):
    (folder / "some/small.yaml").write_text(text)
    with pytest.raises(BadInput, match=says) as caught:
        list_notebooks(folder)
    assert "small.yaml" in str(caught.value)


def test_values_are_read_as_the_sidecar_types_them(small):
    values = read_values(small, [("number", "3"), ("car_number", "007"), ("kind", "loud")])
    assert complete(small, values) == {"number": 3, "car_number": "007", "kind": "loud"}


def test_defaults_fill_what_is_not_given(small):
    assert complete(small, {}) == {"number": 2, "car_number": "7", "kind": "plain"}


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ([("numbre", "3")], "has no parameter numbre; allowed are number (integer from 0 to 9, default 2)"),
        ([("number", "ten")], "parameter number: 'ten' is not of type 'integer'"),
        ([("number", "10")], "parameter number: 10 is greater than the maximum of 9"),
        ([("kind", "quiet")], "kind (one of plain, loud, default plain)"),
        ([("number", "[1")], "is not YAML"),
        ([("f1_password", "x")], "looks like a secret"),
        ([("api_key", "x")], "looks like a secret"),
        ([("kind", "postgresql://me:pw@host/db")], "looks like a secret"),
    ],
)
def test_what_is_not_allowed_is_refused_in_one_line(small, pairs, says):
    with pytest.raises(BadInput) as caught:
        complete(small, read_values(small, pairs))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "pw@" not in str(caught.value)


def test_the_value_of_a_secret_setting_is_refused_under_any_name(small, monkeypatch):
    monkeypatch.setenv("F1_PASSWORD", "hunter2-long")
    get_settings.cache_clear()
    with pytest.raises(BadInput, match="looks like a secret") as caught:
        complete(small, {"kind": "hunter2-long"})
    assert "hunter2" not in str(caught.value)


def test_a_notebook_without_parameters_says_so(folder):
    write_notebook(folder, "bare", ["1"], "title: a\ndescription: b\n")
    assert allowed(find_notebook("bare", folder)) == "no parameters"


def test_options_of_two_values_become_pairs():
    assert join_pairs(["x", "-p", "a", "1", "--force", "-p", "b=2", "--parameter", "c", "-3"]) == [
        "x", "-p", "a=1", "--force", "-p", "b=2", "--parameter", "c=-3",
    ]  # fmt: skip
    assert split_pair("a=b=c") == ("a", "b=c")
    with pytest.raises(BadInput, match="write -p NAME VALUE"):
        split_pair(join_pairs(["-p", "a"])[1])
