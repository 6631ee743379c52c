"""Every value of the IR is frozen, slotted and made of values that are: it can be compared, hashed and shared."""

import dataclasses
import importlib
import pkgutil
import typing
from collections.abc import Iterator

import pytest

import gatewayd.ir


def classes() -> Iterator[type]:
    for found in pkgutil.iter_modules(gatewayd.ir.__path__):
        module = importlib.import_module(f"gatewayd.ir.{found.name}")
        for value in vars(module).values():
            if dataclasses.is_dataclass(value) and isinstance(value, type) and value.__module__ == module.__name__:
                yield value


CLASSES = tuple(classes())


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_a_value_cannot_be_changed(kind: type) -> None:
    parameters = kind.__dataclass_params__  # type: ignore[attr-defined]
    assert parameters.frozen
    assert parameters.eq
    assert "__slots__" in vars(kind)
    assert all(field.kw_only for field in dataclasses.fields(kind))


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_a_value_holds_nothing_that_can_be_changed(kind: type) -> None:
    mutable = (list, dict, set, bytearray)
    for name, hint in typing.get_type_hints(kind).items():
        inner = (hint, *typing.get_args(hint))
        assert not any(typing.get_origin(each) in mutable or each in mutable for each in inner), name


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_a_value_is_explained(kind: type) -> None:
    assert kind.__doc__
    assert not kind.__doc__.startswith(f"{kind.__name__}(")
