"""A recurrent network (GRU) that learns a text letter by letter, and writes it again."""
import torch
from torch import nn

torch.manual_seed(0)
text = "a long chain of small factors, each of them simple: here is our whole rule. " * 2
letters = sorted(set(text))
codes = torch.tensor([letters.index(c) for c in text])
n = len(letters)


class Writer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.cell, self.head = nn.Embedding(n, 16), nn.GRUCell(16, 64), nn.Linear(64, n)

    def forward(self, x, h):
        outputs = []
        for t in range(x.shape[1]):
            h = self.cell(self.embed(x[:, t]), h)
            outputs.append(self.head(h))
        return torch.stack(outputs, 1), h


net = Writer()
adam = torch.optim.Adam(net.parameters(), lr=5e-3)
starts = torch.arange(0, len(text) - 33, 3)
windows = torch.stack([codes[s : s + 33] for s in starts])
for step in range(300):
    logits, _ = net(windows[:, :-1], torch.zeros(len(starts), 64))
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
    adam.zero_grad()
    loss.backward()
    adam.step()

logits, h = net(codes[None, :16], torch.zeros(1, 64))
written = ""
for _ in range(50):
    x = logits[:, -1:].argmax(-1)
    written += letters[x.item()]
    logits, h = net(x, h)
print(f"loss {loss:.3f}: {written}")
assert loss < 0.2 and written == text[16:66]
