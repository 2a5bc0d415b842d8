"""An encoder that was trained on one question is loaded under another name, frozen, and given a new head."""
import tempfile

import torch
from torch import nn

torch.manual_seed(0)
x = torch.rand(1000, 2) * 2 - 1
radius = x.norm(dim=1)
ring, half = (radius * 3).long().clamp(max=2), (radius > 0.5).long()


def train(net, parameters, labels, epochs):
    adam = torch.optim.Adam(parameters, lr=0.01)
    for _ in range(epochs):
        for batch in torch.randperm(1000).split(50):
            loss = nn.functional.cross_entropy(net(x[batch]), labels[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()
    return (net(x).argmax(1) == labels).float().mean()


def encoder():
    return nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 16), nn.Tanh())


first = nn.Sequential(encoder(), nn.Linear(16, 3))
print(f"first question: {train(first, first.parameters(), ring, 40):.3f}")
saved = tempfile.mkdtemp() + "/first.pt"
torch.save(first.state_dict(), saved)

second = nn.ModuleDict({"body": encoder(), "head": nn.Linear(16, 2)})
saved = torch.load(saved)
second["body"].load_state_dict({k.removeprefix("0."): v for k, v in saved.items() if k.startswith("0.")})
second["body"].requires_grad_(False)
right = train(lambda x: second["head"](second["body"](x)), second["head"].parameters(), half, 40)
print(f"second question, head alone: {right:.3f}")
assert right > 0.9 and torch.equal(second["body"][0].weight, saved["0.0.weight"])
