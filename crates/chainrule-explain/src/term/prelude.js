// The functions that JavaScript lacks.
const sigmoid = (x) => { const e = Math.exp(-Math.abs(x)); return (x < 0 ? e : 1) / (1 + e); };
// erf by a series of positive terms (Abramowitz and Stegun, 7.1.6), and beyond 3 by the continued fraction of its
// complement.
function erf(x) {
  if (Number.isNaN(x) || Math.abs(x) > 6) return Math.sign(x);
  if (Math.abs(x) < 3) {
    let term = x, sum = x;
    for (let n = 1; n < 100; n++) { term *= 2 * x * x / (2 * n + 1); sum += term; }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (Math.abs(x) + fraction);
  return Math.sign(x) * (1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / (Math.abs(x) + fraction));
}
