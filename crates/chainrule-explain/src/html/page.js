const DATA = JSON.parse(document.getElementById("data").textContent);
const find = (id) => document.getElementById(id);
const all = (selector) => [...document.querySelectorAll(selector)];

// A number as the program writes it, with so many digits that count.
function digits(x, count) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "NaN" : x < 0 ? "\u2212inf" : "inf";
  const size = Math.abs(x);
  const decimals = Math.max(0, count - 1 - Math.floor(Math.log10(size)));
  const text = size === 0 ? "0"
    : size >= 1e-4 && size < 1e7 ? String(Number(x.toFixed(decimals)))
    : Number(x.toExponential(count - 1)).toExponential().replace("+", "");
  return text.replaceAll("-", "\u2212");
}

function forward(inputs) {
  const values = new Map();
  for (const node of DATA.nodes) {
    const below = node.operands.map((id) => values.get(id));
    const given = node.name === null ? node.value : inputs[node.name];
    values.set(node.id, node.op === null ? given : OPS[node.op][0](...below));
  }
  return values;
}

// The gradients of one value; `pass` is told of every use: its slope, and what it passes down.
function backward(values, root, pass = () => {}) {
  const gradients = new Map([[root, 1]]);
  for (const node of [...DATA.nodes].reverse()) {
    const upstream = gradients.get(node.id);
    if (upstream === undefined || node.operands.length === 0) continue;
    const known = [...node.operands, node.id].map((id) => values.get(id));
    node.operands.forEach((id, at) => {
      const slope = OPS[node.op][1 + at](...known);
      const product = node.routed && upstream === 0 ? 0 : upstream * slope;
      pass(`${node.id}:${at}`, slope, product);
      gradients.set(id, (gradients.get(id) ?? 0) + product);
    });
  }
  return gradients;
}

// Every number on the page, by its key: v a value, g a gradient, f one of the output, l a slope and
// p a product of a use.
function compute(inputs) {
  const values = forward(inputs), now = new Map();
  const gradients = backward(values, DATA.root, (use, slope, product) => now.set(`l:${use}`, slope).set(`p:${use}`, product));
  values.forEach((x, id) => now.set(`v:${id}`, x));
  gradients.forEach((x, id) => now.set(`g:${id}`, x));
  backward(values, DATA.output).forEach((x, id) => now.set(`f:${id}`, x));
  const moves = DATA.names.map((name) => inputs[name] - DATA.inputs[name]);
  let first = 0, second = 0;
  moves.forEach((move, i) => {
    first += move * DATA.gradient[i];
    moves.forEach((other, j) => { second += move * other * (DATA.curvature?.[i][j] ?? NaN) / 2; });
  });
  return now.set("change", values.get(DATA.root) - DATA.value).set("first", first).set("second", first + second);
}

let step = 0, inputs = { ...DATA.inputs }, now = new Map();

// Writes the numbers where they stand. What was said of the given values alone is hidden at others.
function fill() {
  for (const element of all("[data-x], [data-range]")) {
    const get = (name) => element.getAttribute(`data-${name}`);
    const numbers = (get("x") ?? get("range")).split(" ").map((key) => now.get(key) ?? 0);
    const show = (x) => digits(x, Number(get("digits") ?? 6));
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)].map(show);
    const sum = numbers.reduce((sum, x) => sum + x, 0);
    const text = get("x") !== null ? show(sum) : low === high ? low : `${low}\u2026${high}`;
    element.textContent = get("factor") !== null && sum < 0 ? `(${text})` : (get("before") ?? "") + text;
  }
  const moved = DATA.names.some((name) => inputs[name] !== DATA.inputs[name]);
  for (const note of all(".note")) note.classList.toggle("gone", moved);
}

function reveal() {
  find("step").value = step;
  find("story").innerHTML = DATA.stories[step];
  for (const element of all("[data-step]"))
    element.classList.toggle("hidden", Number(element.dataset.step) > step);
  for (const element of all("[data-node]")) {
    const { forward, backward } = element.dataset;
    element.classList.toggle("now", step > 0 && [forward, backward].includes(String(step)));
  }
  follow(document.querySelector(".now"));
  if (DATA.live) fill();
}

// What a step is about comes to the middle of a picture that is larger than its box.
function follow(element) {
  const box = document.querySelector(".picture");
  if (!element || !box.scrollTo) return;
  const [inner, outer] = [element.getBoundingClientRect(), box.getBoundingClientRect()];
  const left = box.scrollLeft + inner.left - outer.left - (box.clientWidth - inner.width) / 2;
  const top = box.scrollTop + inner.top - outer.top - (box.clientHeight - inner.height) / 2;
  box.scrollTo(left, top);
}

function go(to) {
  step = Math.min(Math.max(to, 0), DATA.steps);
  reveal();
}

function recompute() {
  for (const slider of all("[data-input]")) inputs[slider.dataset.input] = Number(slider.value);
  now = compute(inputs);
  fill();
  plot();
}

// The sweep with the other inputs where they are. The frame's ticks stay, and their numbers change: the
// step between them is the smallest round one with which all of the curve fits.
function plot() {
  const labels = all(".plot text[text-anchor=end]");
  if (!DATA.sweep || labels.length < 2) return;
  const { name, node, xs, frame: [left, right, floor, ceiling] } = DATA.sweep, end = xs[xs.length - 1];
  const isDrawn = (y) => Math.abs(y) < 1e30;
  const curve = xs.map((x) => [x, forward({ ...inputs, [name]: x }).get(DATA.root)]);
  const ys = curve.map((point) => point[1]).filter(isDrawn);
  let [low, high] = ys.length > 0 ? [Math.min(...ys), Math.max(...ys)] : [0, 1];
  const room = high - low > 1e-9 * Math.max(-low, high) ? (high - low) / 20 : Math.max(Math.abs(low), 1) / 2;
  [low, high] = [low - room, high + room];
  // Letters stand a third of their size below their middle.
  const ticks = labels.map((label) => Number(label.getAttribute("y")) - 13 * 0.35), apart = ticks[0] - ticks[1];
  const [below, above] = [(floor - ticks[0]) / apart, (ticks[0] - ceiling) / apart];
  const fits = (unit) => Math.ceil(high / unit - above) <= low / unit + below;
  let power = 10 ** Math.floor(Math.log10((high - low) / (below + above))), unit;
  for (; unit === undefined; power *= 10) unit = [1, 2, 5].map((times) => times * power).find(fits);
  const first = Math.ceil(high / unit - above);
  labels.forEach((label, at) => { label.textContent = digits((first + at) * unit, 6); });

  const place = ([x, y]) => [left + (x - xs[0]) / (end - xs[0]) * (right - left), ticks[0] - (y / unit - first) * apart];
  const isInside = ([x, y]) => x >= left && x <= right && y <= floor && y >= ceiling;
  const lines = ["value", "gradient"].map((ink) => all(`.plot .line-${ink}`));
  plot.disk ??= all(".plot circle")[0];
  for (const old of [...lines.flatMap((line) => line.slice(1)), ...all(".plot circle")]) old.remove();
  const draw = ([sample], points) => {
    const line = sample.cloneNode();
    line.setAttribute("points", points.map((point) => point.map((x) => x.toFixed(1)).join(",")).join(" "));
    sample.parentNode.append(line);
  };
  const [x, y, slope] = [inputs[name], now.get(`v:${DATA.root}`), now.get(`g:${node}`) ?? 0];
  const ends = [xs[0], end].map((at) => {
    const height = Math.min(Math.max(y + slope * (at - x), (first - below) * unit), (first + above) * unit);
    return place([height === y + slope * (at - x) ? at : x + (height - y) / slope, height]);
  });
  if (ends.every(([x]) => x >= left && x <= right)) draw(lines[1], ends);
  const parts = [[]];
  for (const point of curve) isDrawn(point[1]) ? parts[parts.length - 1].push(place(point)) : parts.push([]);
  for (const part of parts.filter((part) => part.length > 1)) draw(lines[0], part);
  const touch = place([x, y]);
  if (!plot.disk || !isInside(touch)) return;
  const point = plot.disk.cloneNode();
  point.setAttribute("cx", touch[0].toFixed(1));
  point.setAttribute("cy", touch[1].toFixed(1));
  lines[0][0].parentNode.append(point);
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
  for (const slider of all("[data-input]")) slider.oninput = recompute;
  find("reset").onclick = () => {
    for (const slider of all("[data-input]")) slider.value = DATA.inputs[slider.dataset.input];
    recompute();
  };
  recompute();
}
reveal();
