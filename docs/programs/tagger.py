"""Sequences of different lengths: for each token, whether the tokens so far are an odd number of ones; padding is masked."""
import torch
from torch import nn

torch.manual_seed(0)
rows, longest = 512, 12
tokens, lengths = torch.randint(2, (rows, longest)), torch.randint(4, longest + 1, (rows,))
mask = (torch.arange(longest) < lengths[:, None]).float()
odd = tokens.cumsum(1) % 2


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.rnn, self.head = nn.Embedding(2, 8), nn.RNN(8, 32, batch_first=True), nn.Linear(32, 2)

    def forward(self, x):
        return self.head(self.rnn(self.embed(x))[0])


net = Tagger()
adam = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(60):
    for batch in torch.randperm(rows).split(64):
        each = nn.functional.cross_entropy(net(tokens[batch]).transpose(1, 2), odd[batch], reduction="none")
        loss = (each * mask[batch]).sum() / mask[batch].sum()
        adam.zero_grad()
        loss.backward()
        adam.step()

right = ((net(tokens).argmax(2) == odd) * mask).sum() / mask.sum()
print(f"accuracy on real tokens {right:.4f}")
assert right > 0.99
