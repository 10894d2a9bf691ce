"""The NAND gate as the test set has it: ``C(v) v' = f(t, v)`` for 14 voltages, in plain Python."""

import math

import numpy as np

BRANCHES = [(3, 5), (4, 0), (8, 10), (9, 5), (13, 0), (14, 10)]  # junctions between nodes; 0 is ground, for node 4 the supply


def junction_voltage(v, branch):
    node, other = branch
    return v[node - 1] - (v[other - 1] if other else 5.0 * (node == 4))


def capacity(v):
    return 2.4e-5 / math.sqrt(1 - v / 0.87) if v <= 0 else 2.4e-5 * (1 + v / 1.74)


def capacities(v):
    """C(v), from each branch's capacity."""
    out = np.zeros((14, 14))
    gates = [((node, other), 6e-5) for node, other in ((1, 5), (2, 5), (6, 0), (7, 0), (11, 0), (12, 0))]
    loads = [((node, 0), 5e-5) for node in (5, 10)]
    junctions = [(branch, capacity(junction_voltage(v, branch))) for branch in BRANCHES]
    for (node, other), farad in [*gates, *loads, *junctions]:
        out[node - 1, node - 1] += farad
        if other:
            out[other - 1, other - 1] += farad
            out[node - 1, other - 1] -= farad
            out[other - 1, node - 1] -= farad
    return out


def saturating(v, gate, bulk, kind, beta):
    threshold, gamma, phi = kind
    excess = gate - threshold - gamma * (math.sqrt(phi - bulk) - math.sqrt(phi))
    if excess <= 0:
        return 0.0
    return beta * (excess**2 if excess <= v else v * (2 * excess - v)) * (1 + 0.02 * v)


def drain(kind, betas, v, gate_source, bulk_source, gate_drain, bulk_drain):
    if v > 0:
        return -saturating(v, gate_source, bulk_source, kind, betas[0])
    return saturating(-v, gate_drain, bulk_drain, kind, betas[1])


def leak(v):
    return -1e-14 * math.expm1(v / 25.85) if v <= 0 else 0.0


def pulse(t, corners, period):
    return np.interp(t % period, corners, [0, 0, 5, 5, 0, 0][: len(corners)])


def currents(t, v):
    """f(t, v), as sums over what is connected to a node."""
    one, two = pulse(t, [0, 5, 10, 15, 20], 20), pulse(t, [0, 15, 20, 35, 40], 40)
    slope_one = (pulse(t + 1e-6, [0, 5, 10, 15, 20], 20) - one) / 1e-6
    slope_two = (pulse(t + 1e-6, [0, 15, 20, 35, 40], 40) - two) / 1e-6
    V = [math.nan, *v]
    out = np.zeros(15)
    for a, b in ((1, 5), (5, 7), (6, 10), (10, 12)):
        out[a] -= (V[a] - V[b]) / 4
        out[b] += (V[a] - V[b]) / 4
    out[2] -= (V[2] - 5) / 4
    out[11] -= V[11] / 4
    for node in (3, 4, 8, 9, 13, 14):
        out[node] -= (V[node] + 2.5) / 10
    for node, other in BRANCHES:
        current = leak(junction_voltage(v, (node, other)))
        out[node] += current
        if other:
            out[other] -= current
    low, high = (-2.43, 0.2, 1.28), (0.2, 0.035, 1.01)
    between = {
        1: (2, drain(low, (5.35e-4, 5.35e-4), V[2] - V[1], V[5] - V[1], V[3] - V[5], V[5] - V[2], V[4] - 5)),
        6: (7, drain(high, (1.748e-3, 1.748e-4), V[7] - V[6], one - V[6], V[8] - V[10], one - V[7], V[9] - V[5])),
        11: (12, drain(high, (1.748e-3, 1.748e-4), V[12] - V[11], two - V[11], V[13], two - V[12], V[14] - V[10])),
    }
    for source, (end, current) in between.items():
        out[source] -= current
        out[end] += current
    for nodes, slope in (((6, 7), slope_one), ((11, 12), slope_two)):
        for node in nodes:
            out[node] += 6e-5 * slope
    return out[1:]
