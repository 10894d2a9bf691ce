"""Discovery of readable equations from learned terms."""

from universalde.discover.discover import Discovery, discover
from universalde.discover.expression import DenseModel, SparseModel
from universalde.discover.library import Library, cosines, custom, polynomials, products, rational, sines
from universalde.discover.methods import SR3, STLSQ, ADMMLasso, BestSubset
from universalde.discover.refit import DataChoice, Refit, choose_by_data
from universalde.discover.select import Candidate, Splits, Sweep, sweep
from universalde.discover.sparse import SparseFit, SparseMethod

__all__ = [
    "ADMMLasso",
    "BestSubset",
    "Candidate",
    "DataChoice",
    "DenseModel",
    "Discovery",
    "Library",
    "Refit",
    "SR3",
    "STLSQ",
    "SparseFit",
    "SparseMethod",
    "SparseModel",
    "Splits",
    "Sweep",
    "choose_by_data",
    "cosines",
    "custom",
    "discover",
    "polynomials",
    "products",
    "rational",
    "sines",
    "sweep",
]
