"""The PyTorch side of structures.mjs: trains the network that it is given, on one thread.

Reads JSON documents, one a line: a network, or batches to train it on, which it answers with the seconds that took and
the losses. The network is made the way the thesis makes it: one module for each layer and each skip cell, which goes
over time in Python, and sums of their output sequences. Masks are multiplied once per sequence.
"""

import json
import platform
import sys
import time

import torch
from torch import nn
from torch.nn.functional import cross_entropy, linear


class Layer(nn.Module):
    def __init__(self, kind, weights, mask):
        super().__init__()
        self.kind = kind
        self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh = (nn.Parameter(w) for w in weights)
        self.register_buffer("mask", mask)

    def step(self, x, h, c, weight_ih):
        i2h = linear(x, weight_ih, self.bias_ih)
        h2h = linear(h, self.weight_hh, self.bias_hh)
        if self.kind == "rnn-tanh":
            return torch.tanh(i2h + h2h), c
        if self.kind == "rnn-relu":
            return torch.relu(i2h + h2h), c
        if self.kind == "lstm":
            i, f, g, o = (i2h + h2h).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            return torch.sigmoid(o) * torch.tanh(c), c
        (xr, xz, xn), (hr, hz, hn) = i2h.chunk(3, 1), h2h.chunk(3, 1)
        z = torch.sigmoid(xz + hz)
        n = torch.tanh(xn + torch.sigmoid(xr + hr) * hn)
        return n + z * (h - n), c

    def forward(self, sequence):
        h = c = torch.zeros(sequence.shape[1], self.weight_hh.shape[1])
        weight_ih = self.weight_ih * self.mask
        outputs = []
        for x in sequence:
            h, c = self.step(x, h, c, weight_ih)
            outputs.append(h)
        return torch.stack(outputs)


class Structure(nn.Module):
    def __init__(self, architecture, shapes, weights, masks):
        super().__init__()
        tensors = {name: torch.tensor(values).reshape(shapes[name]) for name, values in weights.items()}
        self.nodes = architecture["nodes"]
        self.read = architecture["readout"]["inputs"]
        self.embedding = nn.Embedding.from_pretrained(tensors["embedding.weight"], freeze=False)
        self.cells = nn.ModuleDict()
        for node in self.nodes:
            if node["type"] != "cell":
                continue
            names = [f"cells.{node['name']}.{part}" for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
            mask = torch.tensor(masks.get(names[0], [1] * len(weights[names[0]]))).reshape(shapes[names[0]])
            self.cells[node["name"]] = Layer(node["kind"], [tensors[name] for name in names], mask)
        self.out = nn.Linear(*reversed(shapes["readout.weight"]))
        self.out.weight.data, self.out.bias.data = tensors["readout.weight"], tensors["readout.bias"]

    def forward(self, symbols):
        outputs = {"embedding": self.embedding(symbols)}
        for node in self.nodes:
            if node["type"] == "cell":
                (source,) = node["inputs"]
                outputs[node["name"]] = self.cells[node["name"]](outputs[source])
            else:
                outputs[node["name"]] = sum(outputs[name] for name in node["of"])
        (read,) = self.read
        return self.out(outputs[read][-1])


def train(model, optimiser, batches):
    losses = []
    symbols, labels = torch.tensor(batches["symbols"]), torch.tensor(batches["labels"])
    start = time.perf_counter()
    cell = example = 0
    for steps in batches["steps"]:
        size = min(batches["size"], len(labels) - example)
        strings = symbols[cell : cell + steps * size].reshape(steps, size)
        optimiser.zero_grad()
        loss = cross_entropy(model(strings), labels[example : example + size])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5)
        optimiser.step()
        losses.append(loss.item())
        cell, example = cell + steps * size, example + size
    return {"seconds": time.perf_counter() - start, "losses": losses}


def main():
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    print(f"PyTorch {torch.__version__}, Python {platform.python_version()}", flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        if "network" in question:
            model = Structure(**question["network"])
            optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
            answer = {}
        else:
            answer = train(model, optimiser, question["batches"])
        print(json.dumps(answer), flush=True)


main()
