"""The PyTorch side of sequences.mjs: trains a classifier of sequences of numbers when told to, on one thread.

Reads JSON documents, one a line, and answers each with one. {"network": ...} makes a model of the weights in a file, with
inputs, [batch][step][sequence][channel], and targets, [batch][sequence], in two others; {"steps": n} makes n training steps
and says the seconds of the processor that they took and their losses. A step is cross-entropy of what the cells' final
states say, the gradient's norm clipped to 5, and Adam in its fused form, which is the fastest.
"""

import json
import os
import sys
import time

import peer
import torch
from torch import nn
from torch.nn.functional import cross_entropy

MODULES = {"gru": nn.GRU, "lstm": nn.LSTM}


def read(path, kind):
    return torch.from_file(path, size=os.path.getsize(path) // kind.itemsize, dtype=kind)


class Model(nn.Module):
    def __init__(self, cell, channels, hidden, layers, bidirectional, classes):
        super().__init__()
        self.recurrent = MODULES[cell](channels, hidden, layers, bidirectional=bidirectional)
        self.readout = nn.Linear(2 * hidden if bidirectional else hidden, classes)

    def forward(self, values):
        _, state = self.recurrent(values)
        final = state[0] if isinstance(state, tuple) else state
        last = final[-2:] if self.recurrent.bidirectional else final[-1:]
        return self.readout(torch.cat(tuple(last), dim=1))


class Training:
    def __init__(self, sizes, tensors, weights, inputs, targets, shape):
        self.model = Model(**sizes)
        parameters = dict(self.model.named_parameters())
        values = read(weights, torch.float32)
        for name, offset in tensors.items():
            parameter = parameters.pop(name)
            parameter.data = values[offset : offset + parameter.numel()].reshape(parameter.shape).clone()
        assert not parameters, f"there are no weights for {list(parameters)}"
        self.inputs = read(inputs, torch.float32).reshape(*shape, sizes["channels"])
        self.targets = read(targets, torch.int32).long().reshape(shape[0], shape[2])
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=1e-3, fused=True)
        self.batch = 0

    def run(self, steps):
        losses = []
        start = time.process_time()
        for _ in range(steps):
            self.optimiser.zero_grad()
            loss = cross_entropy(self.model(self.inputs[self.batch]), self.targets[self.batch])
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 5)
            self.optimiser.step()
            self.batch = (self.batch + 1) % len(self.inputs)
            losses.append(loss.item())
        return {"seconds": time.process_time() - start, "losses": losses}


def main():
    peer.start()
    for line in sys.stdin:
        question = json.loads(line)
        if "network" in question:
            training = Training(**question["network"])
            answer = {}
        else:
            answer = training.run(question["steps"])
        print(json.dumps(answer), flush=True)


main()
