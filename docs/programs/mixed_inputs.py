"""A city, an area and an age in; a price and a class out: inputs of two kinds, two heads, two losses."""
import torch
from torch import nn

torch.manual_seed(0)
cities, rows = 5, 2000
city, numbers = torch.randint(cities, (rows,)), torch.rand(rows, 2)
level = torch.tensor([0.5, 1.0, 1.5, 2.0, 2.5])[city]
price = level * (1 + numbers[:, 0]) - 0.3 * numbers[:, 1]
dear = (price > 2.5).long()


class House(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(cities, 4)
        self.body = nn.Sequential(nn.Linear(6, 32), nn.ReLU())
        self.price, self.dear = nn.Linear(32, 1), nn.Linear(32, 2)

    def forward(self, city, numbers):
        h = self.body(torch.cat([self.embed(city), numbers], 1))
        return self.price(h)[:, 0], self.dear(h)


net = House()
adam = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(20):
    for batch in torch.randperm(rows).split(50):
        p, d = net(city[batch], numbers[batch])
        loss = nn.functional.mse_loss(p, price[batch])
        loss = loss + 0.3 * nn.functional.cross_entropy(d, dear[batch])
        adam.zero_grad()
        loss.backward()
        adam.step()

p, d = net(city, numbers)
rmse, right = (p - price).square().mean().sqrt(), (d.argmax(1) == dear).float().mean()
print(f"RMSE of the price {rmse:.3f}, accuracy of the class {right:.3f}")
assert rmse < 0.1 and right > 0.97
