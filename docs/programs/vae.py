"""A variational autoencoder finds the one number behind points on a curve."""
import torch
from torch import nn

torch.manual_seed(0)
angle = 3 * torch.rand(1000, 1)
points = torch.cat([angle.cos(), angle.sin(), angle / 3], 1) + 0.02 * torch.randn(1000, 3)
encoder = nn.Sequential(nn.Linear(3, 32), nn.Tanh(), nn.Linear(32, 2))
decoder = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 3))
adam = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=5e-3)
for epoch in range(60):
    for batch in torch.randperm(1000).split(50):
        x = points[batch]
        mean, log_variance = encoder(x).chunk(2, 1)
        z = mean + (log_variance / 2).exp() * torch.randn_like(mean)
        error = (decoder(z) - x).square().sum(1) / (2 * 0.05**2)
        divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)
        loss = (error + divergence).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()

mean = encoder(points)[:, :1]
rmse = (decoder(mean) - points).square().mean().sqrt()
related = torch.corrcoef(torch.cat([mean, angle], 1).T)[0, 1].abs()
print(f"RMSE {rmse:.3f}, correlation of the code with the angle {related:.3f}")
assert rmse < 0.06 and related > 0.97
