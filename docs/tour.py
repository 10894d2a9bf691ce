"""A tour: from solving a differential equation to learning a part of it and reading what was learned.

Run it with ``python docs/tour.py``.  Every line that begins with ``# ->`` is what the statement above it prints; the tests
run this file and compare.
"""

import jax
import jax.numpy as jnp
import numpy as np

import universalde as ude
from universalde.discover import choose_by_data, discover, polynomials
from universalde.learn import LBFGS, MLP, Adam, fit

# The library never changes JAX's settings by itself. Scientific work wants double precision:
jax.config.update("jax_enable_x64", True)


# 1. Solve -------------------------------------------------------------------------------------------------------------
# A right-hand side is a function f(t, y, args), as in SciPy. Prey x grows and is eaten, predators y eat and die.
def lotka_volterra(t, state, rates):
    x, y = state
    return jnp.stack([rates["growth"] * x - 0.9 * x * y, 0.8 * x * y - 1.8 * y])


rates = {"growth": jnp.asarray(1.3)}
problem = ude.ODE(lotka_volterra, [0.44249296, 4.6280594], (0.0, 10.0), args=rates)
solution = ude.solve(problem, ude.Tsit5(), rtol=1e-8, atol=1e-8)
print(f"at the end x = {solution.ys[-1][0]:.5f}, y = {solution.ys[-1][1]:.5f}")
# -> at the end x = 8.85159, y = 1.22381

# Nothing was asked for, so every step was saved. Between the steps the method's own interpolant has the answer.
print(f"between two steps x = {solution(3.7)[0]:.5f}")
# -> between two steps x = 3.82651

# 2. Differentiate -----------------------------------------------------------------------------------------------------
# A solve is a function of its starting values and arguments, and JAX differentiates it exactly, step by step.
times = jnp.linspace(0.0, 10.0, 101)


def mean_prey(growth):
    return ude.solve(problem.replace(args={"growth": growth}), saveat=times, rtol=1e-8, atol=1e-8).ys[:, 0].mean()


slope = jax.grad(mean_prey)(1.3)
difference = (mean_prey(1.3 + 1e-5) - mean_prey(1.3 - 1e-5)) / 2e-5
print(f"slope {slope:.5f}, by differences {difference:.5f}")
# -> slope 4.44925, by differences 4.44925

# 3. Many at once ------------------------------------------------------------------------------------------------------
# An ensemble is vmap; each lane takes its own steps. The gradient may be mapped as well.
growths = jnp.linspace(1.1, 1.5, 3)
print("prey on average", np.round(jax.vmap(mean_prey)(growths), 4))
# -> prey on average [1.6089 2.1094 2.1926]
print("and its slopes", np.round(jax.vmap(jax.grad(mean_prey))(growths), 4))
# -> and its slopes [ 0.4999  4.4492 -0.9689]

# 4. When a solve fails ------------------------------------------------------------------------------------------------
# y' = y² from 1 is infinite at t = 1. The sentence says what happened, where, and what can be done.
explosion = ude.ODE(lambda t, y, args: y**2, 1.0, (0.0, 2.0))
try:
    ude.solve(explosion)
except ude.SolveError as error:
    print(str(error).split(";")[0])
# -> The step size became too small to advance the time. The solution probably blows up or meets a discontinuity near the last time reached

# Inside jit, grad and vmap nothing can be raised: values that were not reached are NaN, and the status says why.
print(ude.solve(explosion, throw=False).result.name)
# -> step_too_small

# 5. Learn a missing term ----------------------------------------------------------------------------------------------
# Somebody has measured the two populations 31 times until t = 3, with an error of half a percent. What the species do to
# each other is not known; how fast prey grows and predators die is. A network stands in for the rest.
ts = np.linspace(0.0, 3.0, 31)
clean = np.asarray(ude.solve(problem, saveat=ts, rtol=1e-8, atol=1e-8).ys)
size = clean.mean(axis=0)
data = clean + 5e-3 * size * np.random.default_rng(0).standard_normal(clean.shape)


def half_a_model(t, state, unknown):
    return jnp.stack([1.3 * state[0], -1.8 * state[1]]) + unknown(state)


def misfit(unknown):
    guess = ude.ODE(half_a_model, data[0], (0.0, 3.0), args=unknown)
    return (ude.solve(guess, saveat=ts, rtol=1e-6, atol=1e-6).ys - data) / size


# A universal differential equation is nothing but a problem with a network among its arguments.
network = MLP(2, 2, width=5, depth=2, activation="tanh", key=jax.random.key(0))
trained = fit(
    lambda net: jnp.sum(misfit(net) ** 2), network, stages=(Adam(0.02, 300), LBFGS(600)), progress=False
)  # fmt: skip
# The first measurement was taken as exact and training was short, so that the loss stays somewhat above the noise.
noise = float(np.sum(((data - clean) / size) ** 2))
print("loss below three times the noise:", trained.loss < 3 * noise)
# -> loss below three times the noise: True

# 6. Read what was learned ---------------------------------------------------------------------------------------------
# Regression on the network's answers along the path proposes equations, the measurements choose among them.
path = ude.solve(ude.ODE(half_a_model, data[0], (0.0, 3.0), args=trained.params), saveat=np.linspace(0.0, 3.0, 201)).ys
found = discover(path, jax.vmap(trained.params)(path), polynomials(["x", "y"], 3), samples=31, outputs=["dx", "dy"])
choice = choose_by_data(found.candidates(), lambda model, extra: misfit(model).reshape(-1), n_data=data.size)
print(choice.model.symbolic(2))
# -> [-0.9*x*y, 0.8*x*y]

# 7. Put the equation back ---------------------------------------------------------------------------------------------
# The equation is called like the network it replaces. Nothing beyond t = 3 was ever measured.
future = ude.ODE(half_a_model, data[0], (0.0, 20.0), args=choice.model)
ahead = ude.solve(future, rtol=1e-8, atol=1e-8)
print(f"by the equation, x at t = 10 is {ahead(10.0)[0]:.1f}; in truth {solution(10.0)[0]:.1f}")
# -> by the equation, x at t = 10 is 8.8; in truth 8.9
