"""One browser for all tests of this folder."""
import importlib.util
import os
import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
pytest.register_assert_rewrite("steady", "graphs", "browser")


def missing():
    found = [name for name in ("chromium", "chromedriver") if not shutil.which(name)]
    return found + (["python3-selenium"] if importlib.util.find_spec("selenium") is None else [])


@pytest.fixture(name="page", scope="session")
def one_browser():
    if missing():
        reason = f"not installed: {', '.join(missing())} (config/setup.sh --tests installs it)"
        if os.environ.get("STEADY_BROWSER") == "off":
            pytest.skip(f"STEADY_BROWSER=off, and {reason}")
        pytest.fail(reason)
    from browser import Page
    with Page() as page:
        yield page


@pytest.fixture(autouse=True)
def fresh(page):
    """Each test begins with an empty page, light, without a memory, and ends without a complaint of the browser."""
    page.reset()
    yield
    assert page.complaints() == []
    assert page.foreign_requests() == []
