"""What JAX lacks: loops with buffers, native kernels, linear maps with a transpose, closures as operands."""
