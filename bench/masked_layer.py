"""A recurrent layer of PyTorch that does what the thesis's own layers do: structures.py and step.py measure against it.

Every time step is a call of the module. It multiplies both matrices with their masks and adds the biases by themselves; the
outputs are put together in the end. Where there is no mask, there is one of booleans that are all true.
"""

import torch
from torch import nn


class MaskedLayer(nn.Module):
    def __init__(self, kind, weight_ih, weight_hh, bias_ih, bias_hh, mask_ih=None):
        super().__init__()
        self.kind = kind
        self.weight_ih, self.weight_hh = nn.Parameter(weight_ih), nn.Parameter(weight_hh)
        self.bias_ih, self.bias_hh = nn.Parameter(bias_ih), nn.Parameter(bias_hh)
        everything = torch.ones_like(weight_ih, dtype=torch.bool) if mask_ih is None else mask_ih
        self.register_buffer("mask_ih", everything)
        self.register_buffer("mask_hh", torch.ones_like(weight_hh, dtype=torch.bool))

    def forward(self, x, h, c):
        """One step: x is [batch][input], h and c are [batch][hidden]. Returns the next h and c; only LSTM uses c."""
        i2h = torch.mm(x, (self.weight_ih * self.mask_ih).t()) + self.bias_ih
        h2h = torch.mm(h, (self.weight_hh * self.mask_hh).t()) + self.bias_hh
        if self.kind == "rnn-tanh":
            return torch.tanh(i2h + h2h), c
        if self.kind == "rnn-relu":
            return torch.relu(i2h + h2h), c
        if self.kind == "lstm":
            i, f, g, o = (i2h + h2h).chunk(4, 1)
            i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
            c = f * c + i * g
            return o * torch.tanh(c), c
        (ir, iz, new), (hr, hz, hn) = i2h.chunk(3, 1), h2h.chunk(3, 1)
        r, z = torch.sigmoid(ir + hr), torch.sigmoid(iz + hz)
        n = torch.tanh(new + r * hn)
        return n + z * (h - n), c

    def over(self, sequence):
        """[step][batch][input] to [step][batch][hidden]."""
        h = c = torch.zeros(sequence.shape[1], self.weight_hh.shape[1])
        outputs = []
        for t in range(sequence.shape[0]):
            h, c = self(sequence[t], h, c)
            outputs.append(h.unsqueeze(0))
        return torch.cat(outputs)
