"use strict";
// The page's own reading of the graph: each operation's value, and its derivatives for every operand.
const half = (a, b) => (a === b ? 0.5 : 0);
const only = (f) => [f, (...x) => x.slice(0, -1).map(() => 0)];
const sigmoid = (x) => { const e = Math.exp(-Math.abs(x)); return (x >= 0 ? 1 : e) / (1 + e); };
// erf by its power series, and beyond 3 by the continued fraction of its complement.
function erf(x) {
  if (Math.abs(x) > 6) return Math.sign(x);
  if (Math.abs(x) < 3) {
    let term = x, sum = x;
    for (let n = 1; n < 100; n++) { term *= -x * x / n; sum += term / (2 * n + 1); }
    return 2 / Math.sqrt(Math.PI) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (Math.abs(x) + fraction);
  return Math.sign(x) * (1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / (Math.abs(x) + fraction));
}
const OPS = {
  add: [(a, b) => a + b, () => [1, 1]],
  sub: [(a, b) => a - b, () => [1, -1]],
  mul: [(a, b) => a * b, (a, b) => [b, a]],
  div: [(a, b) => a / b, (a, b, y) => [1 / b, -y / b]],
  neg: [(a) => -a, () => [-1]],
  pow: [(a, b) => a ** b, (a, b, y) => [b === 0 ? 0 : b * a ** (b - 1), a === 0 ? 0 : y * Math.log(a)]],
  square: [(a) => a * a, (a) => [2 * a]],
  sqrt: [Math.sqrt, (a, y) => [0.5 / y]],
  exp: [Math.exp, (a, y) => [y]],
  ln: [Math.log, (a) => [1 / a]],
  abs: [Math.abs, (a) => [Math.sign(a)]],
  sign: only(Math.sign),
  sin: [Math.sin, (a) => [Math.cos(a)]],
  cos: [Math.cos, (a) => [-Math.sin(a)]],
  tan: [Math.tan, (a, y) => [1 + y * y]],
  asin: [Math.asin, (a) => [1 / Math.sqrt(1 - a * a)]],
  acos: [Math.acos, (a) => [-1 / Math.sqrt(1 - a * a)]],
  atan: [Math.atan, (a) => [1 / (1 + a * a)]],
  sinh: [Math.sinh, (a) => [Math.cosh(a)]],
  cosh: [Math.cosh, (a) => [Math.sinh(a)]],
  tanh: [Math.tanh, (a, y) => [1 - y * y]],
  erf: [erf, (a) => [2 / Math.sqrt(Math.PI) * Math.exp(-a * a)]],
  sigmoid: [sigmoid, (a, y) => [y * (1 - y)]],
  relu: [(a) => Math.max(a, 0), (a) => [a > 0 ? 1 : 0]],
  softplus: [(a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))), (a) => [sigmoid(a)]],
  max: [Math.max, (a, b) => [(a > b ? 1 : 0) + half(a, b), (b > a ? 1 : 0) + half(a, b)]],
  min: [Math.min, (a, b) => [(a < b ? 1 : 0) + half(a, b), (b < a ? 1 : 0) + half(a, b)]],
  greater: only((a, b) => Number(a > b)),
  greater_equal: only((a, b) => Number(a >= b)),
  less: only((a, b) => Number(a < b)),
  less_equal: only((a, b) => Number(a <= b)),
  equal: only((a, b) => Number(a === b)),
  not_equal: only((a, b) => Number(a !== b)),
  select: [(c, a, b) => (c === 0 ? b : a), (c) => [0, c === 0 ? 0 : 1, c === 0 ? 1 : 0]],
};
const DATA = JSON.parse(document.getElementById("data").textContent);
const find = (id) => document.getElementById(id);
const show = (x) => {
  if (!Number.isFinite(x)) return String(x);
  return Number(x.toPrecision(5)).toString().replace("-", "\u2212");
};

// Values forward, then gradients backward, from the inputs' values by name.
function compute(inputs) {
  const values = new Map(), gradients = new Map(), passed = new Map();
  for (const node of DATA.nodes) {
    const below = node.operands.map((id) => values.get(id));
    if (node.op === "input") values.set(node.id, inputs[node.name]);
    else if (node.op === "constant") values.set(node.id, node.value);
    else values.set(node.id, OPS[node.op][0](...below));
  }
  gradients.set(DATA.root, 1);
  for (const node of [...DATA.nodes].reverse()) {
    const upstream = gradients.get(node.id);
    if (upstream === undefined || node.operands.length === 0) continue;
    const below = node.operands.map((id) => values.get(id));
    const locals = OPS[node.op][1](...below, values.get(node.id));
    node.operands.forEach((id, at) => {
      const product = upstream * locals[at];
      passed.set(`${node.id}:${at}`, product);
      gradients.set(id, (gradients.get(id) ?? 0) + product);
    });
  }
  return { values, gradients, passed };
}

let step = DATA.steps;
function reveal() {
  find("step").value = step;
  find("story").innerHTML = DATA.stories[step];
  for (const element of document.querySelectorAll("[data-step]"))
    element.classList.toggle("hidden", Number(element.dataset.step) > step);
  for (const element of document.querySelectorAll("[data-node]")) {
    const { forward, backward } = element.dataset;
    const now = step > 0 && (Number(forward) === step || (backward !== "" && Number(backward) === step));
    element.classList.toggle("now", now);
  }
}
function go(to) {
  step = Math.min(Math.max(to, 0), DATA.steps);
  reveal();
}

function recompute() {
  const inputs = { ...DATA.inputs };
  for (const slider of document.querySelectorAll("[data-input]")) {
    inputs[slider.dataset.input] = Number(slider.value);
    find(`now-${slider.dataset.input}`).textContent = show(Number(slider.value));
  }
  const { values, passed } = compute(inputs);
  for (const element of document.querySelectorAll("[data-v]"))
    element.textContent = show(values.get(Number(element.dataset.v)));
  for (const element of document.querySelectorAll("[data-g]"))
    element.textContent = show(element.dataset.g.split(" ").reduce((sum, use) => sum + (passed.get(use) ?? 0), 0));
  const change = values.get(DATA.root) - DATA.value;
  const moves = DATA.names.map((name) => inputs[name] - DATA.inputs[name]);
  let first = 0, second = 0;
  moves.forEach((move, i) => {
    first += move * DATA.gradient[i];
    moves.forEach((other, j) => { second += move * other * (DATA.curvature?.[i][j] ?? NaN) / 2; });
  });
  find("output").textContent = show(values.get(DATA.output));
  find("result").textContent = show(values.get(DATA.root));
  find("change").textContent = show(change);
  find("first").textContent = show(first);
  find("second").textContent = show(first + second);
}

find("start").onclick = () => go(0);
find("back").onclick = () => go(step - 1);
find("next").onclick = () => go(step + 1);
find("end").onclick = () => go(DATA.steps);
find("step").oninput = (event) => go(Number(event.target.value));
document.addEventListener("keydown", (event) => {
  if (event.target.tagName === "INPUT") return;
  if (event.key === "ArrowRight") go(step + 1);
  if (event.key === "ArrowLeft") go(step - 1);
});
if (DATA.live) {
  for (const slider of document.querySelectorAll("[data-input]")) slider.oninput = recompute;
  find("reset").onclick = () => {
    for (const slider of document.querySelectorAll("[data-input]")) slider.value = DATA.inputs[slider.dataset.input];
    recompute();
  };
  recompute();
}
reveal();
