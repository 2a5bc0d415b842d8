"""A damped oscillator u'' + 2u' + 10u = 0, u(0) = 1, u'(0) = 0, solved by a network that knows the equation."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
adam = torch.optim.Adam(net.parameters(), lr=3e-3)
t = torch.linspace(0, 2, 64)[:, None].requires_grad_()


def slope(y, x):
    return torch.autograd.grad(y.sum(), x, create_graph=True)[0]


for step in range(4000):
    u = net(t)
    du = slope(u, t)
    residual = slope(du, t) + 2 * du + 10 * u
    loss = residual.square().mean() / 100 + (u[0] - 1).square().sum() + du[0].square().sum()
    adam.zero_grad()
    loss.backward()
    adam.step()

exact = torch.exp(-t) * (torch.cos(3 * t) + torch.sin(3 * t) / 3)
error = (net(t) - exact).abs().max().item()
print(f"largest error {error:.4f}")
assert error < 0.02
