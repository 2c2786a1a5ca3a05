"""The PyTorch side of compare.mjs: makes training steps when told to, on one thread.

Reads lines "FORM CELL HIDDEN LAYERS BATCH LENGTH STEPS" and answers each with the seconds of the processor that the steps
took. Both forms train an embedding, a stack of recurrent layers and a linear read-out of the last step, with
cross-entropy, the gradient's norm clipped to 5 and Adam in its fused form, which is the fastest. "fused" runs nn.RNN,
nn.LSTM or nn.GRU; "loop" is the thesis's own kind of layer, which computes one time step after the other in Python.
"""

import sys
import time

import peer
import torch
from masked_layer import MaskedLayer
from torch import nn
from torch.nn.functional import cross_entropy

GATES = {"rnn-tanh": 1, "rnn-relu": 1, "lstm": 4, "gru": 3}


def fused(cell, hidden, layers):
    if cell.startswith("rnn-"):
        return nn.RNN(hidden, hidden, layers, nonlinearity=cell.removeprefix("rnn-"))
    return {"lstm": nn.LSTM, "gru": nn.GRU}[cell](hidden, hidden, layers)


class Loop(nn.Module):
    def __init__(self, cell, hidden, layers):
        super().__init__()
        gates = GATES[cell] * hidden
        shapes = (gates, hidden), (gates, hidden), (gates,), (gates,)
        self.layers = nn.ModuleList(MaskedLayer(cell, *map(torch.empty, shapes)) for _ in range(layers))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(hidden**-0.5), hidden**-0.5)

    def forward(self, sequence):
        for layer in self.layers:
            sequence = layer.over(sequence)
        return sequence, None


class Model(nn.Module):
    def __init__(self, form, cell, hidden, layers):
        super().__init__()
        self.embedding = nn.Embedding(128, hidden)
        self.recurrent = {"fused": fused, "loop": Loop}[form](cell, hidden, layers)
        self.out = nn.Linear(hidden, 2)

    def forward(self, symbols):
        return self.out(self.recurrent(self.embedding(symbols))[0][-1])


class Training:
    def __init__(self, form, cell, hidden, layers, batch, length):
        self.model = Model(form, cell, hidden, layers)
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=1e-3, fused=True)
        self.symbols = torch.tensor([66, 69, 80, 83, 84, 86, 88])[torch.randint(7, (length, batch))]
        self.labels = torch.randint(2, (batch,))

    def run(self, steps):
        start = time.process_time()
        for _ in range(steps):
            self.optimiser.zero_grad()
            cross_entropy(self.model(self.symbols), self.labels).backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 5)
            self.optimiser.step()
        return time.process_time() - start


def main():
    peer.start()
    trainings = {}
    for line in sys.stdin:
        form, cell, *sizes, steps = line.split()
        settings = cell, *map(int, sizes)
        # Only the present network, in its two forms, is kept.
        trainings = {key: training for key, training in trainings.items() if key[1:] == settings}
        if (form, *settings) not in trainings:
            trainings[form, *settings] = Training(form, *settings)
        print(trainings[form, *settings].run(int(steps)), flush=True)


main()
