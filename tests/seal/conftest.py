"""One timestamp authority and one sample package for the tests of this folder."""

import pytest

from tests.seal.authority import Authority
from tests.seal.packages import build


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture(scope="session")
def sample(tmp_path_factory, authority):
    """A complete package with timestamps and a witness; tests never change it."""
    path = tmp_path_factory.mktemp("package") / "sample.zip"
    return build(path, stamp=authority.stamp, roots=authority.roots)
