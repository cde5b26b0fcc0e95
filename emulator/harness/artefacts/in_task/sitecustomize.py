"""Python imports this at its start, in each task whose PYTHONPATH holds this folder: tasks then have their pages traced.

So the scraper is traced without knowing it: what it runs is what ships.
"""

import sys
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_PLAYWRIGHT = "playwright.async_api._generated"


class _Tracing:
    """Finds Playwright's classes as ever, and has them traced once they are there."""

    @staticmethod
    def find_spec(name: str, path: list[str] | None, _target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path) if name == _PLAYWRIGHT else None
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def load_and_trace(module: ModuleType) -> None:
            load(module)
            from task_traces import TaskTraces  # type: ignore[import-not-found]  # noqa: PLC0415 - in this folder

            TaskTraces().attach(module.BrowserType, module.Browser, module.BrowserContext)

        spec.loader.exec_module = load_and_trace  # type: ignore[method-assign]
        return spec


sys.meta_path.insert(0, _Tracing)  # type: ignore[arg-type]
