"""An actor and a critic on one trunk learn to walk to the right end of a corridor of eight places."""
import torch
from torch import nn

torch.manual_seed(0)
places, walkers, discount = 8, 32, 0.9
trunk = nn.Sequential(nn.Linear(places, 32), nn.Tanh())
actor, critic = nn.Linear(32, 2), nn.Linear(32, 1)
adam = torch.optim.Adam([*trunk.parameters(), *actor.parameters(), *critic.parameters()], lr=0.01)
eye = torch.eye(places)


def walk(place, action):
    place = (place + 2 * action - 1).clamp(0, places - 1)
    return place, (place == places - 1).float()


place = torch.zeros(walkers, dtype=torch.long)
for step in range(960):
    hidden = trunk(eye[place])
    action = torch.distributions.Categorical(logits=actor(hidden)).sample()
    after, reward = walk(place, action)
    with torch.no_grad():
        target = reward + discount * critic(trunk(eye[after]))[:, 0] * (1 - reward)
    advantage = target - critic(hidden)[:, 0]
    chosen = actor(hidden).log_softmax(1).gather(1, action[:, None])[:, 0]
    loss = advantage.square().mean() - (advantage.detach() * chosen).mean()
    adam.zero_grad()
    loss.backward()
    adam.step()
    place = torch.where(reward > 0, 0, after)

values = critic(trunk(eye))[:-1, 0]
exact = discount ** torch.arange(places - 2, -1, -1)
right = actor(trunk(eye))[:-1].softmax(1)[:, 1]
print(f"least chance to go right {right.min():.2f}, largest error of a value {(values - exact).abs().max():.2f}")
assert right.min() > 0.9 and (values - exact).abs().max() < 0.15
