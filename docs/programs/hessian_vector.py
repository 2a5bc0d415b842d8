"""Logistic regression by Newton's method: each step solves H·d = −g by conjugate gradients, from products H·v alone."""
import torch

torch.manual_seed(0)
x = torch.randn(500, 20, dtype=torch.float64)
t = (x @ torch.randn(20, dtype=torch.float64) + 0.5 * torch.randn(500, dtype=torch.float64) > 0).double()
w = torch.zeros(20, dtype=torch.float64, requires_grad=True)


def solve(product, b):
    d, r = torch.zeros_like(b), b.clone()
    p = r.clone()
    for _ in range(40):
        hp = product(p)
        alpha = r @ r / (p @ hp)
        d, new = d + alpha * p, r - alpha * hp
        p, r = new + new @ new / (r @ r) * p, new
        if r.norm() < 1e-12:
            break
    return d


for step in range(10):
    z = x @ w
    loss = torch.nn.functional.binary_cross_entropy_with_logits(z, t) + 0.5e-2 * w @ w
    (g,) = torch.autograd.grad(loss, w, create_graph=True)
    if g.norm() < 1e-10:
        break
    d = solve(lambda v: torch.autograd.grad(g @ v, w, retain_graph=True)[0], -g.detach())
    w = (w + d).detach().requires_grad_()

print(f"{step} steps, |g| = {g.norm():.1e}, loss {loss:.6f}")
assert g.norm() < 1e-10 and step < 10
