"""A generative adversarial network that learns the normal distribution N(4, 1)."""
import torch
from torch import nn
from torch.nn.functional import softplus

torch.manual_seed(0)
generator = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
critic = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
g_adam = torch.optim.Adam(generator.parameters(), lr=2e-3, betas=(0.5, 0.999))
d_adam = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.5, 0.999))

for step in range(3000):
    real, fake = 4 + torch.randn(128, 1), generator(torch.randn(128, 1))
    loss = softplus(-critic(real)).mean() + softplus(critic(fake.detach())).mean()
    d_adam.zero_grad()
    loss.backward()
    d_adam.step()

    loss = softplus(-critic(fake)).mean()
    g_adam.zero_grad()
    loss.backward()
    g_adam.step()

made = generator(torch.randn(10000, 1))
print(f"mean {made.mean():.2f}, deviation {made.std():.2f}")
assert abs(made.mean() - 4) < 0.3 and abs(made.std() - 1) < 0.3
