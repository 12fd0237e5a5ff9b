"""What both plugins override of singer-sdk though it is private or final there."""

from __future__ import annotations

import inspect
from importlib import import_module
from pkgutil import walk_packages
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType


class Member(NamedTuple):
    """A member, its signature, and the functions of the SDK that call it."""

    owner: type
    name: str
    signature: str
    callers: tuple[Callable[..., Any], ...]

    @property
    def signature_there(self) -> str:
        """The signature that the SDK gives it, without annotations."""
        function = function_of(inspect.getattr_static(self.owner, self.name))
        parameters = inspect.signature(function).parameters.values()
        plain = [each.replace(annotation=each.empty) for each in parameters]
        return str(inspect.Signature(plain))

    @property
    def idle_callers(self) -> list[str]:
        """Those functions that call it no longer."""
        named = ((each, function_of(each).__code__) for each in self.callers)
        return [each.__qualname__ for each, code in named if self.name not in code.co_names]


def function_of(member: Any) -> Callable[..., Any]:
    """Return the function behind a method, class method or property."""
    function: Callable[..., Any] = getattr(member, "fget", None) or getattr(
        member, "__func__", member
    )
    return function


def overridden(package: ModuleType) -> set[tuple[type, str]]:
    """Return the private and final members of the SDK that classes of a package define, too."""
    return {member for own in _classes(package) for member in _overridden_by(own)}


def _overridden_by(own: type) -> Iterator[tuple[type, str]]:
    bases = [base for base in own.__mro__[1:] if base.__module__.startswith("singer_sdk.")]
    for name in vars(own):
        owner = next((base for base in bases if name in vars(base)), None)
        if owner is None or name.startswith("__") or name == "_abc_impl":
            continue
        if name.startswith("_") or getattr(function_of(vars(owner)[name]), "__final__", False):
            yield owner, name


def _classes(package: ModuleType) -> Iterator[type]:
    for module in walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            for value in vars(import_module(module.name)).values():
                if inspect.isclass(value) and value.__module__ == module.name:
                    yield value
