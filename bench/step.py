"""The PyTorch side of step.mjs: makes training steps when told to, on one thread.

Reads lines "FORM CELL STEPS" and answers each with the seconds that the steps took. Both forms train an embedding, a
stack of recurrent layers and a linear read-out of the last step, with cross-entropy, the gradient's norm clipped to 5
and Adam. "fused" runs nn.RNN, nn.LSTM or nn.GRU; "loop" computes one time step after the other in Python, as the
thesis's own modules do.
"""

import platform
import sys
import time

import torch
from torch import nn
from torch.nn.functional import cross_entropy, linear

HIDDEN, LAYERS, BATCH, LENGTH = (int(argument) for argument in sys.argv[1:5])
GATES = {"rnn-tanh": 1, "rnn-relu": 1, "lstm": 4, "gru": 3}


def fused(cell):
    if cell.startswith("rnn-"):
        return nn.RNN(HIDDEN, HIDDEN, LAYERS, nonlinearity=cell.removeprefix("rnn-"))
    return {"lstm": nn.LSTM, "gru": nn.GRU}[cell](HIDDEN, HIDDEN, LAYERS)


class Layer(nn.Module):
    def __init__(self, cell):
        super().__init__()
        self.cell = cell
        self.weight_ih, self.weight_hh = (nn.Parameter(torch.empty(GATES[cell] * HIDDEN, HIDDEN)) for _ in range(2))
        self.bias_ih, self.bias_hh = (nn.Parameter(torch.empty(GATES[cell] * HIDDEN)) for _ in range(2))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(HIDDEN**-0.5), HIDDEN**-0.5)

    def step(self, x, h, c):
        i2h = linear(x, self.weight_ih, self.bias_ih)
        h2h = linear(h, self.weight_hh, self.bias_hh)
        if self.cell == "rnn-tanh":
            return torch.tanh(i2h + h2h), c
        if self.cell == "rnn-relu":
            return torch.relu(i2h + h2h), c
        if self.cell == "lstm":
            i, f, g, o = (i2h + h2h).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            return torch.sigmoid(o) * torch.tanh(c), c
        (xr, xz, xn), (hr, hz, hn) = i2h.chunk(3, 1), h2h.chunk(3, 1)
        z = torch.sigmoid(xz + hz)
        n = torch.tanh(xn + torch.sigmoid(xr + hr) * hn)
        return n + z * (h - n), c

    def forward(self, sequence):
        h = c = torch.zeros(BATCH, HIDDEN)
        outputs = []
        for x in sequence:
            h, c = self.step(x, h, c)
            outputs.append(h)
        return torch.stack(outputs)


class Loop(nn.Module):
    def __init__(self, cell):
        super().__init__()
        self.layers = nn.ModuleList(Layer(cell) for _ in range(LAYERS))

    def forward(self, sequence):
        for layer in self.layers:
            sequence = layer(sequence)
        return sequence, None


class Model(nn.Module):
    def __init__(self, form, cell):
        super().__init__()
        self.embedding = nn.Embedding(128, HIDDEN)
        self.recurrent = fused(cell) if form == "fused" else Loop(cell)
        self.out = nn.Linear(HIDDEN, 2)

    def forward(self, symbols):
        return self.out(self.recurrent(self.embedding(symbols))[0][-1])


def main():
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    print(f"PyTorch {torch.__version__}, Python {platform.python_version()}", flush=True)
    symbols = torch.tensor([66, 69, 80, 83, 84, 86, 88])[torch.randint(7, (LENGTH, BATCH))]
    labels = torch.randint(2, (BATCH,))
    models = {}
    for line in sys.stdin:
        form, cell, steps = line.split()
        if (form, cell) not in models:
            model = Model(form, cell)
            models[form, cell] = model, torch.optim.Adam(model.parameters(), lr=1e-3)
        model, optimiser = models[form, cell]
        start = time.perf_counter()
        for _ in range(int(steps)):
            optimiser.zero_grad()
            cross_entropy(model(symbols), labels).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5)
            optimiser.step()
        print(time.perf_counter() - start, flush=True)


main()
