"""The PyTorch side of language.mjs: trains a language model on windows of a text when told to, on one thread.

Reads JSON documents, one a line, and answers each with one. {"network": ...} makes a model of the weights in a file, with
windows of symbols and targets, each [window][step][lane], in two others; {"steps": n} makes n training steps and says the
seconds of the processor that they took and their losses. A step is cross-entropy at every symbol of a window, the
gradient's norm clipped to 5, and Adam in its fused form, which is the fastest; the state goes on from window to window,
detached.
"""

import json
import os
import sys
import time

import peer
import torch
from torch import nn
from torch.nn.functional import cross_entropy


def read(path, kind):
    return torch.from_file(path, size=os.path.getsize(path) // kind.itemsize, dtype=kind)


class Model(nn.Module):
    def __init__(self, symbols, embedding, hidden, layers):
        super().__init__()
        self.embedding = nn.Embedding(symbols, embedding)
        self.recurrent = nn.LSTM(embedding, hidden, layers)
        self.readout = nn.Linear(hidden, symbols)

    def forward(self, symbols, state):
        outputs, state = self.recurrent(self.embedding(symbols), state)
        return self.readout(outputs), state


class Training:
    def __init__(self, sizes, tensors, weights, inputs, targets, shape):
        self.model = Model(**sizes)
        parameters = dict(self.model.named_parameters())
        values = read(weights, torch.float32)
        for name, offset in tensors.items():
            parameter = parameters.pop(name)
            parameter.data = values[offset : offset + parameter.numel()].reshape(parameter.shape).clone()
        assert not parameters, f"there are no weights for {list(parameters)}"
        windows = (read(path, torch.int32).long() for path in (inputs, targets))
        self.symbols, self.targets = (values.reshape(shape) for values in windows)
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=1e-3, fused=True)
        self.state = None
        self.window = 0

    def run(self, steps):
        losses = []
        start = time.process_time()
        for _ in range(steps):
            self.optimiser.zero_grad()
            logits, state = self.model(self.symbols[self.window], self.state)
            loss = cross_entropy(logits.flatten(0, 1), self.targets[self.window].flatten())
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 5)
            self.optimiser.step()
            self.state = tuple(part.detach() for part in state)
            self.window = (self.window + 1) % len(self.symbols)
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
