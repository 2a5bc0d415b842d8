"""LeNet-5 on the first 6,000 digits of MNIST."""
import gzip
import sys

import torch
from torch import nn

torch.manual_seed(0)


def load(name, head, shape):
    data = gzip.open(f"{sys.argv[1]}/{name}-ubyte.gz").read()[head:]
    return torch.frombuffer(bytearray(data), dtype=torch.uint8).reshape(shape)


images = load("train-images-idx3", 16, (-1, 1, 28, 28))[:6000].float() / 255
labels = load("train-labels-idx1", 8, -1)[:6000].long()
net = nn.Sequential(
    nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
)
adam = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(3):
    for batch in torch.randperm(6000).split(64):
        loss = nn.functional.cross_entropy(net(images[batch]), labels[batch])
        adam.zero_grad()
        loss.backward()
        adam.step()

tests, wanted = load("t10k-images-idx3", 16, (-1, 1, 28, 28)).float() / 255, load("t10k-labels-idx1", 8, -1)
right = (net(tests).argmax(1) == wanted).float().mean()
print(f"test accuracy {right:.4f}")
assert right > 0.95
