"""Imports put off."""

import contextlib
import importlib
import sys

import pytest
from localprocs.startup import deferred


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Make a package that says when it is imported."""
    (tmp_path / "seldom").mkdir()
    (tmp_path / "seldom" / "__init__.py").write_text("")
    (tmp_path / "seldom" / "tools.py").write_text("def double(n):\n    return 2 * n\nclass Thing:\n    kind = 'real'\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    yield tmp_path
    for name in [it for it in sys.modules if it.partition(".")[0] == "seldom"]:
        del sys.modules[name]


def test_a_package_is_imported_when_it_is_called(package):
    """The name imported before works as the real one."""
    deferred.until_used("seldom")
    tools = importlib.import_module("seldom.tools")
    double = tools.double

    assert not hasattr(tools, "__file__")
    assert double(21) == 42
    assert importlib.import_module("seldom.tools").__file__ == str(package / "seldom" / "tools.py")


@pytest.mark.usefixtures("package")
def test_an_attribute_of_a_class_is_the_real_one():
    """Looking into a name is using it."""
    deferred.until_used("seldom")

    assert importlib.import_module("seldom.tools").Thing.kind == "real"


@pytest.mark.usefixtures("package")
def test_an_exception_can_be_caught_before_it_exists():
    """A handler for a deferred exception does no harm."""
    deferred.until_used("seldom")
    error = importlib.import_module("seldom.errors").SomeError

    with pytest.raises(ZeroDivisionError), contextlib.suppress(error):
        raise ZeroDivisionError
