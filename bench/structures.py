"""The PyTorch side of structures.mjs: trains the network that it is given, on one thread.

Reads JSON documents, one a line: a network, or batches to train it on, which it answers with the seconds of the
processor that took and the losses. The network is made the way the thesis makes it: one masked layer for each layer and each skip cell, and sums of
their output sequences.
"""

import json
import sys
import time

import peer
import torch
from masked_layer import MaskedLayer
from torch import nn
from torch.nn.functional import cross_entropy


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
            mask = masks.get(names[0])
            mask = mask and torch.tensor(mask, dtype=torch.float).reshape(shapes[names[0]])
            self.cells[node["name"]] = MaskedLayer(node["kind"], *(tensors[name] for name in names), mask)
        self.out = nn.Linear(*reversed(shapes["readout.weight"]))
        self.out.weight.data, self.out.bias.data = tensors["readout.weight"], tensors["readout.bias"]

    def forward(self, symbols):
        outputs = {"embedding": self.embedding(symbols)}
        for node in self.nodes:
            if node["type"] == "cell":
                (source,) = node["inputs"]
                outputs[node["name"]] = self.cells[node["name"]].over(outputs[source])
            else:
                first, *others = node["of"]
                total = outputs[first]  # In place, as the thesis adds; nothing else reads a cell of a sum.
                for name in others:
                    total += outputs[name]
                outputs[node["name"]] = total
        (read,) = self.read
        return self.out(outputs[read][-1])


def train(model, optimiser, batches):
    losses = []
    symbols, labels = torch.tensor(batches["symbols"]), torch.tensor(batches["targets"])
    start = time.process_time()
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
    return {"seconds": time.process_time() - start, "losses": losses}


def main():
    peer.start()
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
