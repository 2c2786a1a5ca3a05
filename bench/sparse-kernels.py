"""The other sparse kernels of sparse-kernels.mjs: SparseProp's loops and the CSR product of the library behind PyTorch, on one thread.

Reads JSON documents, one a line: {"rows", "columns", "share"} draws a matrix with that share of its weights; {"kernel", "lanes",
"steps", "calls"} runs one so often and is answered with the seconds of the processor that a call took.
"""

import json
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"  # SparseProp's loops are OpenMP's.

import backend  # SparseProp's extension module
import numpy as np
import peer
import torch


def draw(rows, columns, share):
    random = np.random.default_rng(1)
    mask = random.random((rows, columns)) < share
    dense = np.where(mask, random.standard_normal((rows, columns)), 0).astype(np.float32)
    sparse = torch.from_numpy(dense).to_sparse_csr()
    first, column = (index.numpy().astype(np.int32) for index in (sparse.crow_indices(), sparse.col_indices()))
    return {"dense": dense, "csr": sparse, "first": first, "column": column, "values": sparse.values().numpy().copy()}


def numbers(*shape):
    return np.random.default_rng(2).standard_normal(shape).astype(np.float32)


def sparseprop(matrix, lanes, steps):
    """Forward and backward of `steps` inputs of so many lanes, one after the other; checked against NumPy first."""
    rows, columns = matrix["dense"].shape
    inputs, flows = numbers(steps, columns, lanes), numbers(steps, rows, lanes)
    outputs, back = np.zeros_like(flows), np.zeros_like(inputs)
    gradient = np.zeros_like(matrix["values"])
    parts = (matrix["first"], matrix["column"], matrix["values"])

    def call():
        outputs.fill(0)
        back.fill(0)
        for t in range(steps):
            backend.sparse_linear_vectorized_forward(inputs[t], *parts, outputs[t])
            backend.sparse_linear_vectorized_backward(inputs[t], *parts, flows[t], back[t], gradient)

    call()
    assert np.allclose(outputs[0], matrix["dense"] @ inputs[0], atol=1e-3)
    assert np.allclose(back[0], matrix["dense"].T @ flows[0], atol=1e-3)
    return call


def csr(matrix, lanes, _steps):
    """One product with an input of so many lanes."""
    inputs = torch.from_numpy(numbers(matrix["dense"].shape[1], lanes))
    return lambda: matrix["csr"] @ inputs


KERNELS = {"sparseprop": sparseprop, "csr": csr}
peer.start()
matrix, sides = None, {}
for line in sys.stdin:
    question = json.loads(line)
    if "rows" in question:
        matrix, sides = draw(**question), {}
        print(json.dumps({"weights": len(matrix["values"])}), flush=True)
        continue
    calls = question.pop("calls")
    key = json.dumps(question, sort_keys=True)
    if key not in sides:
        sides[key] = KERNELS[question["kernel"]](matrix, question["lanes"], question["steps"])
    start = time.process_time()
    for _ in range(calls):
        sides[key]()
    print(json.dumps({"seconds": (time.process_time() - start) / calls}), flush=True)
