"""Training the spiral neural ODE by five hundred steps of Adam."""

from collections.abc import Callable
from functools import partial

from bench.contract import WHOLE_LOOP_FLAG, Bar, Benchmark, Entry, Prepared, Results, best_ms, ratio_bar, warm_ms
from bench.gradient_cases import jax_spiral_net
from bench.gradients import torch_net
from bench.problems import SPIRAL_START, SPIRAL_TIMES, spiral_data, spiral_weights

STEPS, SOME = 500, 10
RATE, TOLERANCE, ENOUGH = 0.05, 1e-6, 0.05
OURS, PEER, TORCH = "universalde", "diffrax", "torchdiffeq odeint_adjoint"
TRAINING, PART = f"{STEPS} steps", f"{SOME} steps"


def trained(solve: Callable) -> Prepared:
    """All steps in one compiled program, the same for every solver in JAX; `solve(weights)` gives the rows."""
    import jax
    import jax.numpy as jnp
    import optax

    data, optimiser = jnp.asarray(spiral_data()), optax.adam(RATE)
    weights = jax.tree.map(jnp.asarray, spiral_weights())

    def loss(weights):
        return ((solve(weights) - data) ** 2).sum()

    def step(carry, _):
        weights, state = carry
        value, slope = jax.value_and_grad(loss)(weights)
        change, state = optimiser.update(slope, state)
        return (optax.apply_updates(weights, change), state), value

    @jax.jit
    def train(weights):
        (weights, _), values = jax.lax.scan(step, (weights, optimiser.init(weights)), length=STEPS)
        return values[0], loss(weights)

    def facts(answers):
        first, last = answers[TRAINING]
        return {"loss at first": float(first), "loss at last": float(last)}

    return Prepared({TRAINING: lambda: jax.block_until_ready(train(weights))}, facts)


def universalde_entry() -> Prepared:
    """The public call with its default adjoint."""
    import jax.numpy as jnp

    import universalde as ude

    times, span = jnp.asarray(SPIRAL_TIMES), (float(SPIRAL_TIMES[0]), float(SPIRAL_TIMES[-1]))

    def solve(weights):
        problem = ude.ODE(jax_spiral_net, jnp.asarray(SPIRAL_START), span, args=weights)
        return ude.solve(problem, ude.Tsit5(), rtol=TOLERANCE, atol=TOLERANCE, saveat=times).ys

    return trained(solve)


def diffrax_entry(max_steps: int) -> Prepared:
    """diffrax with its default adjoint."""
    import diffrax
    import jax.numpy as jnp

    times = jnp.asarray(SPIRAL_TIMES)

    def solve(weights):
        control = diffrax.PIDController(rtol=TOLERANCE, atol=TOLERANCE)
        return diffrax.diffeqsolve(
            diffrax.ODETerm(jax_spiral_net), diffrax.Tsit5(), times[0], times[-1], None, jnp.asarray(SPIRAL_START), args=weights,
            saveat=diffrax.SaveAt(ts=times), stepsize_controller=control, max_steps=max_steps, throw=False,
        ).ys  # fmt: skip

    return trained(solve)


def torch_entry() -> Prepared:
    """torchdiffeq with its continuous adjoint: the first steps are timed, all of them are taken once for the facts."""
    import torch
    from torchdiffeq import odeint_adjoint

    torch.set_default_dtype(torch.float64)
    data, times, start = (torch.tensor(x) for x in (spiral_data(), SPIRAL_TIMES, SPIRAL_START))

    class Field(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weights = torch.nn.ParameterList([torch.nn.Parameter(torch.tensor(x)) for x in spiral_weights()])

        def forward(self, t, u):
            return torch_net(u, *self.weights)

    def train(steps):
        field, losses = Field(), []
        optimiser = torch.optim.Adam(field.parameters(), lr=RATE)
        for _ in range(steps):
            optimiser.zero_grad()
            ys = odeint_adjoint(field, start, times, rtol=TOLERANCE, atol=TOLERANCE, method="dopri5")
            loss = ((ys - data) ** 2).sum()
            loss.backward()
            optimiser.step()
            losses.append(float(loss.detach()))
        return losses

    def facts(answers):
        losses = train(STEPS)
        return {"loss at first": losses[0], "loss at last": losses[-1]}

    return Prepared({PART: lambda: train(SOME)}, facts)


def bars(results: Results, by: str) -> list[Bar]:
    """The loss that ours reach, and how much faster."""
    facts = results.get(OURS, {}).get("facts", {})
    reached = facts.get("loss at last")
    goal = f"loss after {STEPS} steps <= {ENOUGH}"
    found = [Bar(goal, "not measured", None) if reached is None else Bar(goal, f"{reached:.3g}", reached <= ENOUGH)]
    ours, some = warm_ms(results, OURS, TRAINING, by), warm_ms(results, TORCH, PART, by)
    torch = None if some is None else some * STEPS / SOME
    found.append(ratio_bar(">= 100 x faster than torchdiffeq", torch, ours, least=100.0))
    installed, flagged = (best_ms(results, f"{PEER}, {setting}", TRAINING, by) for setting in ("installed", "flag"))
    found.append(ratio_bar(">= 3 x faster than diffrax and optax as installed", installed, ours, least=3.0))
    return [*found, ratio_bar("(no bar) times faster than diffrax and optax with the global flag", flagged, ours)]


BENCHMARK = Benchmark(
    name="spiral_training",
    title="Training: spiral neural ODE",
    about=(
        f"u' = net(u^3), 2-50-2 with tanh, thirty points of the spiral on [0, 1.5], {STEPS} steps of Adam (rate {RATE}) from the "
        "same weights, Tsit5 (torchdiffeq: dopri5), rtol = atol = 1e-6, float64. The programs in JAX take all steps in one `scan` "
        f"with optax; torchdiffeq is timed for {SOME} steps, and its bar counts {STEPS // SOME} times that."
    ),
    entries=(
        Entry(OURS, universalde_entry, ("universalde:solve",)),
        *(
            Entry(f"{PEER}, {setting}, max_steps={steps}", partial(diffrax_entry, steps), ("diffrax",), environment)
            for setting, environment in (("installed", {}), ("flag", WHOLE_LOOP_FLAG))
            for steps in (256, 4096)
        ),
        Entry(TORCH, torch_entry, ("torch", "torchdiffeq")),
    ),
    facts=("loss at first", "loss at last"),
    bars=bars,
    cold_start=False,
)
