// Shows that the server answers; the page itself takes this file's place.
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? sessionStorage.getItem("token");
if (token) sessionStorage.setItem("token", token);
history.replaceState(null, "", location.pathname);
const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
const start = await (await fetch("/api/v1/start", { headers })).json();
const { e, at, target } = start.state ?? {};
const body = JSON.stringify({ expression: e, at, target });
const answer = await (await fetch("/api/v1/explain", { method: "POST", headers, body })).json();
const pre = document.createElement("pre");
pre.textContent = JSON.stringify(answer, null, 1);
document.getElementById("app").append(pre);
