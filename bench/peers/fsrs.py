"""A training step of FSRS-6, as crates/chainrule/examples/fsrs.rs has it: python fsrs.py torch|torch-compile BATCH THREADS

32 reviews of each card, the last ones masked; the loss is the mean of -ln of the chance of what came, the optimizer Adam."""

import json
import sys

import work

REVIEWS = 32
WEIGHTS = [
    0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001, 1.8722, 0.1666, 0.796, 1.4835, 0.0614, 0.2629, 1.6483,
    0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542,
]  # fmt: skip

library, batch, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
work.limit_threads(threads)

import torch  # only now: its thread pool reads the limit when it starts

torch.set_num_threads(threads)
torch.manual_seed(0)
w = torch.nn.Parameter(torch.tensor(WEIGHTS) * torch.tensor([0.7, 1.2, 1.3]).repeat(7))
# Contiguous reviews of all cards are what PyTorch is quickest with.
days = torch.randint(0, 30, (REVIEWS, batch)).float()
rating = torch.randint(1, 5, (REVIEWS, batch)).float()
position = torch.arange(REVIEWS)[:, None]
counts = (days > 0) & (position > 0) & (position < torch.randint(8, REVIEWS + 1, (1, batch)))
optimizer = torch.optim.Adam([w], lr=0.02, fused=True)


def first_difficulty(rating):
    return w[4] - (w[5] * (rating - 1)).exp() + 1


def next_memory(s, d, recall, days, rating):
    growth = w[8].exp() * (11 - d) * s.pow(-w[9]) * ((w[10] * (1 - recall)).exp() - 1)
    bonus = torch.where(rating == 2, w[15], 1.0) * torch.where(rating == 4, w[16], 1.0)
    recalled = s * (growth * bonus + 1)
    lapsed = w[11] * d.pow(-w[12]) * ((s + 1).pow(w[13]) - 1) * (w[14] * (1 - recall)).exp()
    lapsed = torch.minimum(lapsed, s / (w[17] * w[18]).exp())
    again = (w[17] * (rating - 3 + w[18])).exp() * s.pow(-w[19])
    same_day = s * torch.where(rating >= 3, again.clamp(min=1), again)
    s = torch.where(days == 0, same_day, torch.where(rating == 1, lapsed, recalled))
    moved = d - w[6] * (rating - 3) * (10 - d) / 9
    d = w[7] * first_difficulty(torch.tensor(4.0)) + (1 - w[7]) * moved
    return s.clamp(0.001, 36500), d.clamp(1, 10)


def loss():
    s = w[rating[0].long() - 1]
    d = first_difficulty(rating[0]).clamp(1, 10)
    factor = 0.9 ** (-1 / w[20]) - 1
    total = 0.0
    for at in range(1, REVIEWS):
        recall = (factor * days[at] / s + 1).pow(-w[20])
        chance = torch.where(rating[at] > 1, recall, 1 - recall)
        total = total - torch.where(counts[at], chance, 1.0).log()
        s, d = next_memory(s, d, recall, days[at], rating[at])
    return total.sum() / counts.sum()


def once():
    optimizer.zero_grad(set_to_none=True)
    loss().backward()
    optimizer.step()


if library == "torch-compile":
    once = torch.compile(once)
# 50 steps a sample, which an eager step makes a second or two.
times = work.measure(once, lambda: None, 4e8)
report = work.report(library, f"fsrs:{batch}", threads, times, 0)
del report["gflops"]
print(json.dumps(report))
