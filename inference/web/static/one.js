import { post } from "./post.js";

// One student: sliders beside the number fields, an answer that follows them, and a comparison.
const SETTLE_MS = 60;      // between the last movement and the request
const ANNOUNCE_MS = 700;   // a screen reader hears where the slider stopped, not every step

export function startOne() {
  const form = document.getElementById("student");
  const answer = document.getElementById("answer");
  const said = document.getElementById("said");
  const mini = document.getElementById("mini");
  const pin = document.getElementById("pin");
  const tracks = [...form.querySelectorAll("input[type=range]")];
  let running = null;      // the request under way, so that a late answer never overwrites a newer one
  let settle = 0;
  let announce = 0;
  let start = read();      // what the comparison starts from

  function read() {
    const data = answer.querySelector("[data-grade]")?.dataset;
    if (!data) return null;
    return { gpa: Number(data.gpa), shares: data.shares.split(" ").map(Number), said: data.said };
  }

  // An optional field left empty means the slider's end.
  function follow(track) {
    const number = form.elements[track.dataset.for];
    track.value = number.value === "" && !number.required ? track.max : number.value;
  }

  function verdict() {
    return document.getElementById("verdict");
  }

  // On a narrow screen the answer is below the form; a strip at its foot shows it while one moves.
  function shrink() {
    const data = verdict().dataset;
    mini.hidden = !data.grade;
    if (mini.hidden) return;
    const badge = document.createElement("span");
    badge.className = `badge g${data.grade}`;
    badge.textContent = data.grade;
    mini.replaceChildren(badge, verdict().querySelector(".headline").textContent);
    mini.append(`, GPA ${Number(data.gpa).toFixed(2)}`);
  }

  function compare() {
    const now = read();
    const line = answer.querySelector("#delta");
    if (!now || !start || !line) return;
    const gain = now.gpa - start.gpa;
    const moved = Math.abs(gain) >= 0.005;
    line.textContent = moved ? `GPA ${gain > 0 ? "+" : "−"}${Math.abs(gain).toFixed(2)} from where you started (the thin marks)` : "";
    answer.querySelectorAll(".bars .tick").forEach((tick, index) => {
      tick.setAttribute("x", `${start.shares[index] * 100}%`);
      tick.setAttribute("visibility", moved ? "visible" : "hidden");
    });
    pin.hidden = !moved;
  }

  // The answer is drawn by the server, once, for readers with and without JavaScript. Old bar widths
  // are carried over first, so that the browser animates from them to the new ones.
  function draw(html) {
    const parts = ["rect.fill", "svg.marker"];
    const attribute = { "rect.fill": "width", "svg.marker": "x" };
    const before = parts.map((part) => [...answer.querySelectorAll(part)].map((e) => e.getAttribute(attribute[part])));
    const focused = document.activeElement?.name === "try" && answer.contains(document.activeElement);
    answer.innerHTML = html;
    parts.forEach((part, kind) => {
      answer.querySelectorAll(part).forEach((element, index) => {
        const target = element.getAttribute(attribute[part]);
        const old = before[kind][index];
        if (!old || old === target) return;
        element.setAttribute(attribute[part], old);
        element.getBoundingClientRect();
        element.setAttribute(attribute[part], target);
      });
    });
    mark();
    shrink();
    if (focused) (answer.querySelector("button[name=try]") ?? verdict()).focus({ preventScroll: true });
    compare();
    clearTimeout(announce);
    announce = setTimeout(() => {
      said.textContent = read()?.said ?? answer.textContent.trim().replace(/\s+/g, " ");
    }, ANNOUNCE_MS);
  }

  function mark() {
    const wrong = new Set([...answer.querySelectorAll(".problems [data-name]")].map((line) => line.dataset.name));
    for (const number of form.querySelectorAll("input.number")) {
      if (wrong.has(number.name)) number.setAttribute("aria-invalid", "true");
      else number.removeAttribute("aria-invalid");
    }
  }

  async function ask() {
    running?.abort();
    running = new AbortController();
    const { signal } = running;
    try {
      const reply = await post("/answer", new URLSearchParams(new FormData(form)).toString(), { signal });
      const html = await reply.text();
      if (signal.aborted) return;
      if (reply.headers.get("Content-Type")?.startsWith("text/html")) draw(html);
      else failed(reply.status === 429 ? "Too many requests; wait a moment." : "The service could not answer.");
    } catch (error) {
      if (error.name !== "AbortError") failed("The service cannot be reached. Is it still running?");
    }
  }

  function failed(words) {
    const box = document.createElement("p");
    box.className = "notice";
    box.textContent = words;
    answer.querySelector(".notice.failed")?.remove();
    box.classList.add("failed");
    verdict().prepend(box);
    said.textContent = words;
  }

  function changed() {
    clearTimeout(settle);
    settle = setTimeout(ask, SETTLE_MS);
  }

  for (const track of tracks) {
    const number = form.elements[track.dataset.for];
    track.hidden = false;
    track.addEventListener("input", () => { number.value = track.value; });
    number.addEventListener("input", () => follow(track));
  }
  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const attempt = event.submitter?.name === "try" ? event.submitter.value.split("=") : null;
    if (attempt) set({ [attempt[0]]: attempt[1] });
    clearTimeout(settle);
    ask();
  });
  document.getElementById("predict").hidden = true;
  const reset = document.getElementById("reset");
  reset.addEventListener("click", async (event) => {
    event.preventDefault();
    form.reset();
    tracks.forEach(follow);
    start = null;
    await ask();
    start = read();
    compare();
  });
  pin.addEventListener("click", () => {
    start = read();
    compare();
    said.textContent = "Comparing from here.";
    reset.focus();
  });

  function set(features) {
    for (const [name, value] of Object.entries(features)) {
      const control = form.elements[name];
      if (control instanceof RadioNodeList) control.value = String(value);
      else if (control.type === "checkbox") control.checked = Number(value) === 1;
      else {
        control.value = value;
        follow(form.querySelector(`[data-for="${name}"]`));
      }
    }
  }

  shrink();
  return {
    // Load one student of a class into the form and start the comparison there.
    async show(features) {
      set(features);
      start = null;
      await ask();
      start = read();
      compare();
      document.getElementById("one").scrollIntoView();
      verdict().focus({ preventScroll: true });
    },
  };
}
