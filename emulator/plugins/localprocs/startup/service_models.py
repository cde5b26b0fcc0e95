"""botocore's descriptions of services, read once for all of LocalStack's sessions instead of once for each."""

from functools import cache
from typing import Any

from botocore.loaders import JSONFileLoader, Loader


def share() -> None:
    """Let every loader see what another has read; botocore treats it as immutable."""
    read = JSONFileLoader.load_file
    find = Loader.list_available_services

    @cache
    def load(path: str) -> Any:
        return read(JSONFileLoader(), path)

    @cache
    def services(paths: tuple[str, ...], type_name: str) -> list[str]:
        return find(Loader(extra_search_paths=list(paths), include_default_search_paths=False), type_name)

    JSONFileLoader.load_file = lambda _self, file_path: load(file_path)
    Loader.list_available_services = lambda self, type_name: services(tuple(self.search_paths), type_name)
