"""The low-storage Runge–Kutta methods by name."""

from .low_storage import LowStorageRow as Row

__all__ = [
    "LOW_STORAGE",
    "AlJahdaliAdv3S113",
    "AlJahdaliAdv3S154",
    "AlJahdaliAdv3S165",
    "AlJahdaliAdv3S42",
    "AlJahdaliAdv3S53",
    "AlJahdaliAdv3S64",
    "AlJahdaliAdv3S82",
    "AlJahdaliAdv3S85",
    "AlJahdaliVor3S113",
    "AlJahdaliVor3S154",
    "AlJahdaliVor3S165",
    "AlJahdaliVor3S42",
    "AlJahdaliVor3S53",
    "AlJahdaliVor3S64",
    "AlJahdaliVor3S82",
    "AlJahdaliVor3S85",
    "CFRLDDRK64",
    "CKLLSRK43_2",
    "CKLLSRK54_3C",
    "CKLLSRK54_3C_3R",
    "CKLLSRK54_3M_3R",
    "CKLLSRK54_3M_4R",
    "CKLLSRK54_3N_3R",
    "CKLLSRK54_3N_4R",
    "CKLLSRK65_4M_4R",
    "CKLLSRK75_4M_5R",
    "CKLLSRK85_4C_3R",
    "CKLLSRK85_4FM_4R",
    "CKLLSRK85_4M_3R",
    "CKLLSRK85_4P_3R",
    "CKLLSRK95_4C",
    "CKLLSRK95_4M",
    "CKLLSRK95_4S",
    "CarpenterKennedy2N54",
    "DGLDDRK73_C",
    "DGLDDRK84_C",
    "DGLDDRK84_F",
    "NDBLSRK124",
    "NDBLSRK134",
    "NDBLSRK144",
    "ORK256",
    "ParsaniKetchesonDeconinck3S105",
    "ParsaniKetchesonDeconinck3S173",
    "ParsaniKetchesonDeconinck3S184",
    "ParsaniKetchesonDeconinck3S205",
    "ParsaniKetchesonDeconinck3S32",
    "ParsaniKetchesonDeconinck3S53",
    "ParsaniKetchesonDeconinck3S82",
    "ParsaniKetchesonDeconinck3S94",
    "RDPK3Sp35",
    "RDPK3Sp49",
    "RDPK3Sp510",
    "RDPK3SpFSAL35",
    "RDPK3SpFSAL49",
    "RDPK3SpFSAL510",
    "RK46NL",
    "SHLDDRK52",
    "SHLDDRK64",
    "SHLDDRK_2N",
    "TSLDDRK74",
]

WILLIAMSON = "low_storage_williamson"
ORK256 = Row("ORK256", WILLIAMSON, "5 stages, order 2, for wave propagation.")
RK46NL = Row("RK46NL", WILLIAMSON, "6 stages, order 4, for acoustics.")
CarpenterKennedy2N54 = Row("CarpenterKennedy2N54", WILLIAMSON, "5 stages, order 4, for general use.")
SHLDDRK_2N = Row("SHLDDRK_2N", WILLIAMSON, "11 stages, order 4, for acoustics.")
SHLDDRK52 = Row("SHLDDRK52", WILLIAMSON, "5 stages, order 2, for acoustics.")
SHLDDRK64 = Row("SHLDDRK64", WILLIAMSON, "6 stages, order 4, for acoustics.")
DGLDDRK73_C = Row("DGLDDRK73_C", WILLIAMSON, "7 stages, order 3, for discontinuous Galerkin.")
DGLDDRK84_C = Row("DGLDDRK84_C", WILLIAMSON, "8 stages, order 4, for discontinuous Galerkin.")
DGLDDRK84_F = Row("DGLDDRK84_F", WILLIAMSON, "8 stages, order 4, for discontinuous Galerkin.")
NDBLSRK124 = Row("NDBLSRK124", WILLIAMSON, "12 stages, order 4, for large stability regions.")
NDBLSRK134 = Row("NDBLSRK134", WILLIAMSON, "13 stages, order 4, for large stability regions.")
NDBLSRK144 = Row("NDBLSRK144", WILLIAMSON, "14 stages, order 4, for large stability regions.")

WRAY = "low_storage_wray"
CFRLDDRK64 = Row("CFRLDDRK64", WRAY, "6 stages, order 4, for acoustics.")
TSLDDRK74 = Row("TSLDDRK74", WRAY, "7 stages, order 4, for acoustics.")
CKLLSRK43_2 = Row("CKLLSRK43_2", WRAY, "4 stages, 3(2), for compressible flow.")
CKLLSRK54_3C = Row("CKLLSRK54_3C", WRAY, "5 stages, 4(3), for compressible flow.")
CKLLSRK95_4S = Row("CKLLSRK95_4S", WRAY, "9 stages, 5(4), for compressible flow.")
CKLLSRK95_4C = Row("CKLLSRK95_4C", WRAY, "9 stages, 5(4), for compressible flow.")
CKLLSRK95_4M = Row("CKLLSRK95_4M", WRAY, "9 stages, 5(4), for compressible flow.")
CKLLSRK54_3C_3R = Row("CKLLSRK54_3C_3R", WRAY, "5 stages, 4(3), for compressible flow.")
CKLLSRK54_3M_3R = Row("CKLLSRK54_3M_3R", WRAY, "5 stages, 4(3), for compressible flow.")
CKLLSRK54_3N_3R = Row("CKLLSRK54_3N_3R", WRAY, "5 stages, 4(3), for compressible flow.")
CKLLSRK85_4C_3R = Row("CKLLSRK85_4C_3R", WRAY, "8 stages, 5(4), for compressible flow.")
CKLLSRK85_4M_3R = Row("CKLLSRK85_4M_3R", WRAY, "8 stages, 5(4), for compressible flow.")
CKLLSRK85_4P_3R = Row("CKLLSRK85_4P_3R", WRAY, "8 stages, 5(4), for compressible flow.")
CKLLSRK54_3N_4R = Row("CKLLSRK54_3N_4R", WRAY, "5 stages, 4(3), for compressible flow.")
CKLLSRK54_3M_4R = Row("CKLLSRK54_3M_4R", WRAY, "5 stages, 4(3), for compressible flow.")
CKLLSRK65_4M_4R = Row("CKLLSRK65_4M_4R", WRAY, "6 stages, 5(4), for compressible flow.")
CKLLSRK85_4FM_4R = Row("CKLLSRK85_4FM_4R", WRAY, "7 stages, FSAL, 5(4), for compressible flow.")
CKLLSRK75_4M_5R = Row("CKLLSRK75_4M_5R", WRAY, "7 stages, 5(4), for compressible flow.")

KETCHESON = "low_storage_ketcheson"
ParsaniKetchesonDeconinck3S32 = Row("ParsaniKetchesonDeconinck3S32", KETCHESON, "3 stages, order 2, for spectral differences.")
ParsaniKetchesonDeconinck3S82 = Row("ParsaniKetchesonDeconinck3S82", KETCHESON, "8 stages, order 2, for spectral differences.")
ParsaniKetchesonDeconinck3S53 = Row("ParsaniKetchesonDeconinck3S53", KETCHESON, "5 stages, order 3, for spectral differences.")
ParsaniKetchesonDeconinck3S173 = Row("ParsaniKetchesonDeconinck3S173", KETCHESON, "17 stages, order 3, for spectral differences.")
ParsaniKetchesonDeconinck3S94 = Row("ParsaniKetchesonDeconinck3S94", KETCHESON, "9 stages, order 4, for spectral differences.")
ParsaniKetchesonDeconinck3S184 = Row("ParsaniKetchesonDeconinck3S184", KETCHESON, "18 stages, order 4, for spectral differences.")
ParsaniKetchesonDeconinck3S105 = Row("ParsaniKetchesonDeconinck3S105", KETCHESON, "10 stages, order 5, for spectral differences.")
ParsaniKetchesonDeconinck3S205 = Row("ParsaniKetchesonDeconinck3S205", KETCHESON, "20 stages, order 5, for spectral differences.")
AlJahdaliAdv3S42 = Row("AlJahdaliAdv3S42", KETCHESON, "4 stages, order 2, for advection.")
AlJahdaliAdv3S82 = Row("AlJahdaliAdv3S82", KETCHESON, "8 stages, order 2, for advection.")
AlJahdaliAdv3S53 = Row("AlJahdaliAdv3S53", KETCHESON, "5 stages, order 3, for advection.")
AlJahdaliAdv3S113 = Row("AlJahdaliAdv3S113", KETCHESON, "11 stages, order 3, for advection.")
AlJahdaliAdv3S64 = Row("AlJahdaliAdv3S64", KETCHESON, "6 stages, order 4, for advection.")
AlJahdaliAdv3S154 = Row("AlJahdaliAdv3S154", KETCHESON, "15 stages, order 4, for advection.")
AlJahdaliAdv3S85 = Row("AlJahdaliAdv3S85", KETCHESON, "8 stages, order 5, for advection.")
AlJahdaliAdv3S165 = Row("AlJahdaliAdv3S165", KETCHESON, "16 stages, order 5, for advection.")
AlJahdaliVor3S42 = Row("AlJahdaliVor3S42", KETCHESON, "4 stages, order 2, for vortices.")
AlJahdaliVor3S82 = Row("AlJahdaliVor3S82", KETCHESON, "8 stages, order 2, for vortices.")
AlJahdaliVor3S53 = Row("AlJahdaliVor3S53", KETCHESON, "5 stages, order 3, for vortices.")
AlJahdaliVor3S113 = Row("AlJahdaliVor3S113", KETCHESON, "11 stages, order 3, for vortices.")
AlJahdaliVor3S64 = Row("AlJahdaliVor3S64", KETCHESON, "6 stages, order 4, for vortices.")
AlJahdaliVor3S154 = Row("AlJahdaliVor3S154", KETCHESON, "15 stages, order 4, for vortices.")
AlJahdaliVor3S85 = Row("AlJahdaliVor3S85", KETCHESON, "8 stages, order 5, for vortices.")
AlJahdaliVor3S165 = Row("AlJahdaliVor3S165", KETCHESON, "16 stages, order 5, for vortices.")
RDPK3Sp35 = Row("RDPK3Sp35", KETCHESON, "5 stages, 3(2), for compressible flow, error control.")
RDPK3Sp49 = Row("RDPK3Sp49", KETCHESON, "9 stages, 4(3), for compressible flow, error control.")
RDPK3Sp510 = Row("RDPK3Sp510", KETCHESON, "10 stages, 5(4), for compressible flow, error control.")
RDPK3SpFSAL35 = Row("RDPK3SpFSAL35", KETCHESON, "5 stages, FSAL, 3(2), for compressible flow, error control.")
RDPK3SpFSAL49 = Row("RDPK3SpFSAL49", KETCHESON, "9 stages, FSAL, 4(3), for compressible flow, error control.")
RDPK3SpFSAL510 = Row("RDPK3SpFSAL510", KETCHESON, "10 stages, FSAL, 5(4), for compressible flow, error control.")

LOW_STORAGE = {row.__name__: row for row in list(globals().values()) if isinstance(row, Row)}
