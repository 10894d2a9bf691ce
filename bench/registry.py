"""The benchmarks by name."""

from bench import (
    capacity,
    cold,
    eager,
    ensemble,
    explicit,
    gradient_accuracy,
    gradient_batch,
    gradient_field,
    gradient_memory,
    gradients,
    linalg,
    lotka_volterra,
    spiral_training,
    stiff,
    stiff_ensemble,
    stiff_fixed,
)
from bench.contract import Benchmark

BENCHMARKS: dict[str, Benchmark] = {
    benchmark.name: benchmark
    for benchmark in (
        lotka_volterra.BENCHMARK,
        *gradients.BENCHMARKS,
        gradient_accuracy.BENCHMARK,
        gradient_batch.BENCHMARK,
        gradient_field.BENCHMARK,
        gradient_memory.BENCHMARK,
        spiral_training.BENCHMARK,
        capacity.BENCHMARK,
        *explicit.BENCHMARKS,
        eager.BENCHMARK,
        cold.BENCHMARK,
        ensemble.BENCHMARK,
        *stiff.BENCHMARKS,
        stiff_fixed.WARM,
        stiff_fixed.COLD,
        stiff_ensemble.BENCHMARK,
        linalg.BENCHMARK,
    )
}


def find(name: str) -> Benchmark:
    """The benchmark of this name, or a sentence with the names there are."""
    if name.startswith("curves_"):  # of the pictures, which are no benchmarks of their own
        from bench.stiff_pictures import CURVES

        return CURVES[name]
    if name not in BENCHMARKS:
        raise ValueError(f"there is no benchmark `{name}`; write one of: {', '.join(BENCHMARKS)}")
    return BENCHMARKS[name]
