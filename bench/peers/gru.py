"""A training step of the GRU in crates/chainrule-cli/src/bench/gru.rs: python gru.py torch|torch-cell THREADS

It reads 32 texts of 32 letters and says which letter follows; the optimizer is Adam. `torch` has nn.GRU over all
letters, `torch-cell` a loop over nn.GRUCell."""

import json
import sys

import work

LETTERS, EMBEDDING, HIDDEN, STEPS, BATCH = 32, 16, 64, 32, 32

library, threads = sys.argv[1], int(sys.argv[2])
work.limit_threads(threads)

import torch  # only now: its thread pool reads the limit when it starts
from torch import nn

torch.set_num_threads(threads)
torch.manual_seed(0)


class Writer(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.embed, self.head = nn.Embedding(LETTERS, EMBEDDING), nn.Linear(HIDDEN, LETTERS)
        self.memory = kind(EMBEDDING, HIDDEN)


class Layer(Writer):
    def __init__(self):
        super().__init__(nn.GRU)

    def forward(self, letters):
        return self.head(self.memory(self.embed(letters))[0])


class Cells(Writer):
    def __init__(self):
        super().__init__(nn.GRUCell)

    def forward(self, letters):
        h = torch.zeros(BATCH, HIDDEN)
        memories = []
        for x in self.embed(letters):
            h = self.memory(x, h)
            memories.append(h)
        return self.head(torch.stack(memories))


# The letters at one place of all texts stand together, which both forms are quickest with.
model = Cells() if library == "torch-cell" else Layer()
letters, follow = torch.randint(0, LETTERS, (2, STEPS, BATCH))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)


def once():
    optimizer.zero_grad(set_to_none=True)
    nn.functional.cross_entropy(model(letters).flatten(0, 1), follow.flatten()).backward()
    optimizer.step()


flops = 6 * BATCH * STEPS * (3 * HIDDEN * (EMBEDDING + HIDDEN) + HIDDEN * LETTERS)
print(json.dumps(work.report(library, "gru", threads, work.measure(once, lambda: None, flops), flops)))
