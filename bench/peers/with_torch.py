"""The network in PyTorch, as its tutorials write it; `compiled` puts the step through torch.compile."""

import torch
from torch import nn
from torch.nn import functional


def model_and_data(net, threads):
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    layers = []
    for inputs, outputs in net.layers:
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    x = torch.rand(net.batch, net.sizes[0])
    t = torch.rand(net.batch, 1) if net.regression else torch.randint(0, net.sizes[-1], (net.batch,))
    return nn.Sequential(*layers[:-1]), x, t


def step(net, threads, compiled=False):
    model, x, t = model_and_data(net, threads)
    loss = functional.mse_loss if net.regression else functional.cross_entropy
    if net.optimizer == "adam":
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def once():
        optimizer.zero_grad(set_to_none=True)
        loss(model(x), t).backward()
        optimizer.step()

    return (torch.compile(once) if compiled else once), lambda: None


def compiled_step(net, threads):
    return step(net, threads, compiled=True)


def inference(net, threads):
    model, x, _ = model_and_data(net, threads)
    model.eval()

    def once():
        with torch.inference_mode():
            model(x)

    return once, lambda: None


def gemm(size, threads):
    torch.set_num_threads(threads)
    a, b, c = torch.rand(size, size), torch.rand(size, size), torch.empty(size, size)
    return lambda: torch.mm(a, b, out=c), lambda: None
