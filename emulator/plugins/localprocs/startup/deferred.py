"""Modules and packages that LocalStack imports at start and uses seldom: imported when something of them is first called."""

import importlib
import sys
import threading
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_lock = threading.RLock()


def until_used(*names: str) -> None:
    """Put the import of modules and packages off; only what is called of them may be, not what is subclassed.

    An exception of theirs is never raised before the package is there; what catches it catches nothing until then.
    """
    sys.meta_path.insert(0, _Finder(set(names) - set(sys.modules)))


class Stand:
    """Stands for a name of a module until it is called or looked into."""

    def __init__(self, finder: "_Finder", module: str, name: str) -> None:
        """Remember the name."""
        self._where = (finder, module, name)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Call the real one."""
        return self._real()(*arguments, **options)

    def __getattr__(self, attribute: str) -> Any:
        """Look into the real one."""
        return getattr(self._real(), attribute)

    def _real(self) -> Any:
        finder, module, name = self._where
        return getattr(finder.real_module(module), name)


class _Finder(MetaPathFinder, Loader):
    def __init__(self, put_off: set[str]) -> None:
        self._put_off = put_off

    def find_spec(self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, is_package=True) if self._part_of(name) else None

    def exec_module(self, module: ModuleType) -> None:
        def stand(name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            if name.endswith(("Error", "Exception")):
                return type(name, (Exception,), {})
            return Stand(self, module.__name__, name)

        module.__getattr__ = stand  # type: ignore[method-assign]

    def real_module(self, name: str) -> ModuleType:
        with _lock:
            if whole := self._part_of(name):
                self._put_off.discard(whole)
                for each in [it for it in sys.modules if it == whole or it.startswith(f"{whole}.")]:
                    del sys.modules[each]
            return importlib.import_module(name)

    def _part_of(self, name: str) -> str | None:
        return next((each for each in self._put_off if name == each or name.startswith(f"{each}.")), None)
