"""The page of resource types tells what is."""

from pathlib import Path

from localprocs.cloudformation import listing, registry
from localprocs.cloudformation.engine.validation import PAGE

ROOT = Path(__file__).parents[4]


def test_the_page_lists_what_is_made(monkeypatch):
    """Made anew with: python -m localprocs.cloudformation.listing > docs/emulator-types.md."""
    monkeypatch.setattr(
        registry.ResourceProviderExecutor, "try_load_resource_provider", staticmethod(registry._provider)
    )

    assert listing.page() == (ROOT / PAGE).read_text()
