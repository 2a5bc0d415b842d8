"""Who likes what: factors of users and things are learned from some of their ratings and foretell the rest."""
import torch
from torch import nn

torch.manual_seed(0)
users, things, factors = 60, 40, 3
likes = torch.randn(users, factors) @ torch.randn(factors, things) / factors**0.5
user, thing = (i.flatten() for i in torch.meshgrid(torch.arange(users), torch.arange(things), indexing="ij"))
order = torch.randperm(users * things)
known, hidden = order[:1800], order[1800:]


class Factors(nn.Module):
    def __init__(self):
        super().__init__()
        self.users, self.things = nn.Embedding(users, factors), nn.Embedding(things, factors)

    def forward(self, user, thing):
        return (self.users(user) * self.things(thing)).sum(1)


net = Factors()
adam = torch.optim.Adam(net.parameters(), lr=0.02)
for epoch in range(100):
    for batch in known[torch.randperm(1800)].split(100):
        loss = nn.functional.mse_loss(net(user[batch], thing[batch]), likes[user[batch], thing[batch]])
        adam.zero_grad()
        loss.backward()
        adam.step()

rmse = (net(user[hidden], thing[hidden]) - likes[user[hidden], thing[hidden]]).square().mean().sqrt()
print(f"RMSE of ratings never seen {rmse:.3f}, their deviation {likes.std():.3f}")
assert rmse < 0.1
