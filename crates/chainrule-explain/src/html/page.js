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
    const given = node.name === null ? node.value : inputs[node.name];
    values.set(node.id, node.op === null ? given : OPS[node.op][0](...below));
  }
  gradients.set(DATA.root, 1);
  for (const node of [...DATA.nodes].reverse()) {
    const upstream = gradients.get(node.id);
    if (upstream === undefined || node.operands.length === 0) continue;
    const known = [...node.operands, node.id].map((id) => values.get(id));
    node.operands.forEach((id, at) => {
      const product = upstream * OPS[node.op][1 + at](...known);
      passed.set(`${node.id}:${at}`, product);
      gradients.set(id, (gradients.get(id) ?? 0) + product);
    });
  }
  return { values, gradients, passed };
}

let step = 0;
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
  follow(document.querySelector(".now"));
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
