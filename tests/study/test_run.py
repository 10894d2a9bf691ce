"""What a study adds to its parts: how misfits are counted, and the same steps on less data."""

from dataclasses import replace

import numpy as np
import pytest

from universalde.cases import hudson_bay
from universalde.study import PHASES, Study
from universalde.study.run import FLOOR, deviations


@pytest.fixture(scope="module")
def study():
    return hudson_bay.study()


def test_relative_errors_are_logarithms_in_units_of_their_standard_deviation(study):
    found = deviations(replace(study, relative_error=0.5), study.data * np.exp([0.5, -1.0]), study.data)
    np.testing.assert_allclose(found, np.broadcast_to([1.0, -2.0], study.data.shape), atol=1e-12)


def test_absolute_errors_are_differences_in_units_of_the_scale(study):
    found = deviations(replace(study, relative_error=None), study.data + 2 * study.scale, study.data)
    np.testing.assert_allclose(found, 2.0)


def test_a_solution_below_zero_is_a_large_but_finite_misfit_where_errors_are_relative(study):
    found = deviations(study, -study.data, study.data)
    np.testing.assert_allclose(found, np.log(FLOOR * study.scale / study.data) / study.relative_error)
    assert np.all(found < -10)


def test_a_solution_that_failed_stays_not_finite(study):
    assert np.all(np.isnan(deviations(study, np.full_like(study.data, np.nan), study.data)))


def test_every_study_is_trained_by_the_common_recipe_unless_it_says_otherwise(study):
    assert Study.__dataclass_fields__["phases"].default is PHASES
    assert study.phases is PHASES and study.earlier.phases is PHASES
