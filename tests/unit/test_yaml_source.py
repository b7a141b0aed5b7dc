"""YAML as people get it wrong: one sentence with the line, from libyaml's parser and from the pure one alike."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator

import pytest
import yaml

from pkikit.errors import DeploymentError
from pkikit.model.deployment_file import yaml_source
from pkikit.model.deployment_file.yaml_source import MAX_NODES, YamlSource

Read = Callable[..., YamlSource]


@pytest.fixture(params=["libyaml", "pure"])
def read(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Read]:
    """`read_yaml` with each of the two parsers."""
    if request.param == "libyaml":
        if not yaml.__with_libyaml__:
            pytest.skip("PyYAML was built without libyaml")
        yield yaml_source.read_yaml
        return
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    spec = importlib.util.spec_from_file_location("pure_yaml_source", yaml_source.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    yield module.read_yaml


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('name: !!int ""', 1, "the tag !!int is not allowed"),
        ("a: 1\nname: !!bool x", 2, "the tag !!bool is not allowed"),
        ('name: !!float ""', 1, "the tag !!float is not allowed"),
        ("a:\n- b\n- !!timestamp x", 3, "the tag !!timestamp is not allowed"),
        ("a: !!python/object/apply:os.system [x]", 1, "the tag !!python/object/apply:os.system is not allowed"),
        ("a: !!binary =", 1, "the tag !!binary is not allowed"),
        ("!!omap [a]", 1, "the tag !!omap is not allowed"),
        ("!own {a: 1}", 1, "the tag !own is not allowed"),
        ("a:\n- 2026-13-45", 2, "'2026-13-45' is not a value"),
        ("a: 2001-01-01T00:00:00+99:99", 1, "is not a value"),
        ("a: 0b_", 1, "'0b_' is not a value"),
        ("a: 0x_", 1, "'0x_' is not a value"),
        ("a: " + "9" * 5000, 1, "is not a value"),
        ("a: =", 1, "is not YAML"),
        ("a: 1\n<<: 1", 2, "is not YAML"),
        ("a:\n\t- b", 2, "is not YAML"),
        ("a: 1\nb: c: d", 2, "is not YAML"),
        ("a: 'x\nb: c", 2, "is not YAML"),
        ("a: *x", 1, "is not YAML"),
        ("a:\n  b: 1\n c: 2", 3, "is not YAML"),
        ("a: 1\n---\nb: 2", 2, "is not YAML"),
        ("%YAML 9.0\n---\na", 1, "is not YAML"),
        ('a: "\\q"', 1, "is not YAML"),
        ("a: 1\nb: 2\na: 3", 3, "'a' is there twice"),
        ("a: 1\n? [b]\n: c", 2, "cannot be a key"),
        ("a: \x00", None, "is not YAML text"),
        ("a: \x01", None, "is not YAML text"),
        ("a: \ud800", None, "is not YAML text"),
        ("[" * 100_000, None, "nested too deep"),
        ("- " * 100_000, None, "nested too deep"),
        ("a: &x [*x]", None, f"more than {MAX_NODES} values"),
    ],
)
def test_invalid_yaml_is_refused_with_its_line(read: Read, text: str, line: int | None, words: str) -> None:
    """Any tag, any value that only looks like one, any mistake: what it is and on which line."""
    with pytest.raises(DeploymentError) as refused:
        read(text, where="d.yaml")
    assert refused.value.where == ("d.yaml" if line is None else f"d.yaml, line {line}")
    assert words in refused.value.message
    assert str(refused.value).isprintable()


def test_yaml_alias_bomb_is_refused(read: Read) -> None:
    """Seven lines that would become ten million values."""
    lines = ["a0: &a0 [1,1,1,1,1,1,1,1,1,1]"]
    lines += [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 7)]
    with pytest.raises(DeploymentError, match=f"more than {MAX_NODES} values"):
        read("\n".join(lines), where="d.yaml")


def test_yaml_with_too_many_values_is_refused_early(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than the values allowed are made, however many the file has."""
    made = 0
    scalar = yaml.ScalarNode.__init__

    def count(self: yaml.ScalarNode, *args: object, **kwargs: object) -> None:
        nonlocal made
        made += 1
        scalar(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(yaml.ScalarNode, "__init__", count)
    with pytest.raises(DeploymentError, match=f"more than {MAX_NODES} values"):
        read("- 1\n" * (3 * MAX_NODES), where="d.yaml")
    assert MAX_NODES < made <= 2 * MAX_NODES + 1


def test_valid_yaml_is_read(read: Read) -> None:
    """Texts, numbers, switches, aliases and merges; a text may say that it is one."""
    text = (
        "a: &x {b: 1, c: on}\nd:\n  <<: *x\n  c: '2026-13-45'\ne: !!str 12\nf: 2026-01-02\ng: !!map {h: !!seq [1.5]}\n"
    )
    source = read(text, where="d.yaml")
    assert source.data["d"] == {"b": 1, "c": "2026-13-45"}
    assert source.data["a"]["c"] is True
    assert source.data["e"] == "12"
    assert source.data["g"] == {"h": [1.5]}
    assert read("", where="d.yaml").data is None
