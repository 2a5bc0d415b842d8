"""Learning to learn (MAML): from where a sine is fitted after one step; the gradient goes through that step."""
import torch

torch.manual_seed(0)
shapes = [(1, 40), (40,), (40, 40), (40,), (40, 1), (1,)]
w = [torch.randn(s) * (2 / s[0]) ** 0.5 if len(s) == 2 else torch.zeros(s) for s in shapes]
w = [p.requires_grad_() for p in w]
adam = torch.optim.Adam(w, lr=1e-3)


def loss(w, x, y):
    h = (x @ w[0] + w[1]).tanh()
    h = (h @ w[2] + w[3]).tanh()
    return (h @ w[4] + w[5] - y).square().mean()


def task():
    size, phase = 1 + 4 * torch.rand(()), 3 * torch.rand(())
    x = torch.rand(2, 10, 1) * 10 - 5
    return x, size * torch.sin(x + phase)


def adapted(w, x, y):
    steps = torch.autograd.grad(loss(w, x, y), w, create_graph=True)
    return [p - 0.02 * g for p, g in zip(w, steps)]


for step in range(2000):
    total = 0
    for _ in range(4):
        x, y = task()
        total = total + loss(adapted(w, x[0], y[0]), x[1], y[1])
    adam.zero_grad()
    (total / 4).backward()
    adam.step()

before = after = 0
for _ in range(100):
    x, y = task()
    before += loss(w, x[1], y[1]).item() / 100
    after += loss(adapted(w, x[0], y[0]), x[1], y[1]).item() / 100
print(f"loss on a new sine {before:.2f}, after one step {after:.2f}")
assert after < 0.6 * before
