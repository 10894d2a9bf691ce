"""Settings that hold for every test: float64, checked annotations, no compiled program kept longer than its module."""

import jax
import pytest
from jaxtyping import install_import_hook

jax.config.update("jax_enable_x64", True)

# Every annotation of the package is checked at every call. The hook acts on modules imported after this line.
install_import_hook("universalde", "beartype.beartype")


@pytest.fixture(autouse=True, scope="module")
def drop_compiled_programs():
    """Compiled programs of one module are of no use to the next and add up to gigabytes over a whole run."""
    yield
    jax.clear_caches()
