"""Fits of more parameters than one native kernel can add up."""

import jax.numpy as jnp
import numpy as np
import pytest

from universalde.learn import LBFGS, Adam, fit


@pytest.mark.parametrize("count", [4095, 4096])
@pytest.mark.parametrize("stage", [Adam(0.1, 200), LBFGS(20)], ids=["Adam", "LBFGS"])
def test_fit_trains_as_many_parameters_as_wanted(stage, count):
    result = fit(lambda p: jnp.sum((p["x"] - 3.0) ** 2), {"x": jnp.zeros(count)}, stages=stage, progress=False)
    np.testing.assert_allclose(result.params["x"], 3.0, atol=0.05)
