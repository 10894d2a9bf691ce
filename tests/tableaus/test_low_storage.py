"""Low-storage rows, turned into Butcher's form by their own stages, satisfy the order conditions they claim and no more."""

import functools
from fractions import Fraction

import pytest

import universalde as ude
from universalde.methods.low_storage_rows import LOW_STORAGE
from universalde.tableaus.low_storage import ketcheson, williamson, wray
from universalde.tableaus.trees import elementary_weights, violations


@pytest.fixture(params=LOW_STORAGE)
def row(request):
    return LOW_STORAGE[request.param].tableau


@functools.cache
def weights_of(row):
    return elementary_weights(row.butcher.a, row.order + 1)


def defect(row, weights, order):
    return violations(weights_of(row), weights)[order]


def rounding(row):
    return 10.0 ** (2 - row.digits)


def test_all_sixty_methods_are_there():
    assert len(LOW_STORAGE) == 60


def test_the_result_has_the_order_claimed_and_not_more(row):
    assert all(defect(row, row.butcher.b, order) < rounding(row) for order in range(1, row.order + 1))
    assert defect(row, row.butcher.b, row.order + 1) > 1e-6


@pytest.mark.parametrize("name", [name for name in LOW_STORAGE if name.startswith(("CKL", "RDP"))])
def test_the_embedded_result_has_the_order_claimed_and_not_more(name):
    row = LOW_STORAGE[name].tableau
    embedded = [b - e for b, e in zip(row.butcher.b, row.error, strict=True)]
    assert all(defect(row, embedded, order) < rounding(row) for order in range(1, row.error_order + 1))
    assert defect(row, embedded, row.error_order + 1) > 1e-6


def test_the_other_rows_have_no_error_estimate():
    plain = [name for name in LOW_STORAGE if not name.startswith(("CKL", "RDP"))]
    assert all(LOW_STORAGE[name].tableau.error is None for name in plain)


def test_the_state_enters_every_stage_with_weight_one(row):
    assert row.drift < rounding(row)


def test_a_row_knows_its_name_and_its_source(row):
    assert LOW_STORAGE[row.name].tableau is row
    assert len(row.reference) > 30 and any(character.isdigit() for character in row.reference)


def test_one_method_in_three_forms_is_the_same_method():
    # Williamson's third-order method with three stages, and Heun's second-order one with two.
    two = williamson("W", 3, a="0 -5/9 -153/128", b="1/3 15/16 8/15")
    assert two.butcher.a[2] == (Fraction(-3, 16), Fraction(15, 16))
    assert two.butcher.b == (Fraction(1, 6), Fraction(3, 10), Fraction(8, 15))
    ring = wray("H", 2, a=("1",), b="1/2 1/2")
    three = ketcheson("H", 2, "1 1/2", "0 0", "0 1/2", "0 0", "1 1/2")
    assert ring.butcher.a == three.butcher.a and ring.butcher.b == three.butcher.b


def test_registers_are_counted_with_what_a_refusal_needs():
    counts = {
        name: LOW_STORAGE[name]().registers
        for name in ("CarpenterKennedy2N54", "CFRLDDRK64", "CKLLSRK54_3C_3R", "RDPK3Sp35")
    }
    assert counts == {"CarpenterKennedy2N54": 2, "CFRLDDRK64": 2, "CKLLSRK54_3C_3R": 5, "RDPK3Sp35": 4}
    assert LOW_STORAGE["ParsaniKetchesonDeconinck3S32"]().registers == 2  # never looks back to the start
    assert LOW_STORAGE["RDPK3SpFSAL35"]().registers == 6


def test_a_wrong_digit_is_seen_in_butcher_form():
    with pytest.raises(ValueError, match="b sums to"):
        _ = williamson("W", 3, a="0 -5/9 -153/128", b="1/3 15/16 8/16").butcher


def test_methods_are_public_names():
    assert all(getattr(ude, name) is row for name, row in LOW_STORAGE.items())
