// A class list: cut in the browser, answered by the service slice by slice, shown as a table.
// Nothing is kept beyond this page: no storage, no cookie.
import { cut, readText } from "./lines.js";
import { post } from "./post.js";
import { makeTable } from "./table.js";

const SLICE = 1000;
const FIRST_ROW = 2;       // as a spreadsheet counts: the column names are row 1
const SHOWN_REJECTED = 500;
const GRADES = ["A", "B", "C", "D", "F"];
const byId = (id) => document.getElementById(id);

export function startClass(open) {
  const form = byId("classlist");
  const file = byId("file");
  const drop = byId("drop");
  const message = byId("classmessage");
  const table = makeTable(byId("answers"), byId("pager"), byId("pagetext"), open);
  let running = null;
  let parts = [];          // the answers as CSV, ready to be saved

  function say(text, bad = false) {
    message.textContent = text;
    message.classList.toggle("bad", bad);
  }

  function progress(done, count) {
    byId("bar").max = Math.max(count, 1);
    byId("bar").value = done;
    byId("bartext").textContent = `${done.toLocaleString("en")} of ${count.toLocaleString("en")} students`;
  }

  async function hand(text, first, signal) {
    const reply = await post(`/predict/csv?first_row=${first}`, text, {
      type: "text/csv; charset=utf-8", headers: { Accept: "application/json" }, signal,
    });
    if (reply.ok) return reply;
    const problem = await reply.json().catch(() => null);
    if (reply.status === 429) {
      const wait = Number(reply.headers.get("Retry-After") ?? 1);
      await new Promise((resume) => { setTimeout(resume, wait * 1000); });
      signal.throwIfAborted();
      return hand(text, first, signal);
    }
    throw new Error(problem?.detail ?? `The service answered ${reply.status}.`);
  }

  async function answer(source) {
    running?.abort();
    const controller = new AbortController();
    running = controller;
    const { signal } = controller;
    byId("results").hidden = true;
    byId("progress").hidden = false;
    say("");
    const good = [];
    const rejected = [];
    parts = [];
    try {
      const { header, slices, count } = cut(await readText(source), SLICE);
      progress(0, count);
      if (count === 0) throw new Error("The file has no students below its first line.");
      let row = FIRST_ROW;
      let done = 0;
      for (const slice of slices) {
        const reply = await (await hand(header + slice.text, row, signal)).json();
        for (const item of reply.answers) (item.answer.status === "ok" ? good : rejected).push(item);
        row = Math.max(reply.next_row, row + slice.count);
        done += slice.count;
        progress(done, count);
      }
      show(good, rejected);
    } catch (error) {
      if (running !== controller) return;
      say(signal.aborted ? "Stopped." : error.message, !signal.aborted);
    } finally {
      if (running === controller) {
        byId("progress").hidden = true;
        running = null;
      }
    }
  }

  // The form asks for a percentage, and takes an empty one for a whole year.
  function percentage(share) {
    return share === undefined ? "" : Number((share * 100).toPrecision(6));
  }

  function show(good, rejected) {
    const rows = good.map(({ row, answer: { prediction, features, year_elapsed: share } }) => ({
      row, id: String(prediction.student_id), grade: prediction.grade, gpa: prediction.GPA,
      sure: prediction.probabilities[prediction.grade], probabilities: prediction.probabilities,
      features: { ...features, year_elapsed: percentage(share) },
    }));
    parts = csv(rows, rejected);
    summarise(rows, rejected);
    reject(rejected);
    byId("results").hidden = false;
    table.fill(rows);
    const failed = rejected.length ? ` ${rejected.length.toLocaleString("en")} rows could not be answered; the reasons are below.` : "";
    say(`${rows.length.toLocaleString("en")} students answered.${failed}`);
  }

  function tile(name, text, grade) {
    const box = document.createElement("div");
    box.className = grade ? `tile g${grade}` : "tile";
    const number = document.createElement("b");
    number.textContent = text;
    const label = document.createElement("span");
    label.textContent = name;
    box.append(number, label);
    return box;
  }

  function summarise(rows, rejected) {
    const mean = rows.reduce((sum, row) => sum + row.gpa, 0) / rows.length;
    const tiles = GRADES.map((grade) => {
      const n = rows.filter((row) => row.grade === grade).length;
      return tile(`likely ${grade}`, n.toLocaleString("en"), grade);
    });
    if (rows.length) tiles.push(tile("mean GPA", mean.toFixed(2)));
    if (rejected.length) tiles.push(tile("no answer", rejected.length.toLocaleString("en")));
    byId("summary").replaceChildren(...tiles);
  }

  function reasons(item) {
    return item.answer.errors.map((problem) => problem.message.replace(/^student\./, "")).join("; ");
  }

  function reject(rejected) {
    const body = byId("rejected").tBodies[0];
    body.replaceChildren();
    for (const item of rejected.slice(0, SHOWN_REJECTED)) {
      const tr = body.insertRow();
      for (const text of [item.row, item.answer.student_id ?? "", reasons(item)]) tr.insertCell().textContent = text;
    }
    if (rejected.length > SHOWN_REJECTED) {
      const td = body.insertRow().insertCell();
      td.colSpan = 3;
      td.textContent = `and ${(rejected.length - SHOWN_REJECTED).toLocaleString("en")} more, in the download`;
    }
    byId("rejectedbox").hidden = rejected.length === 0;
  }

  // A cell that a spreadsheet would run as a formula is disarmed (OWASP: CSV injection).
  function quote(value) {
    let text = String(value ?? "");
    if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  function csv(rows, rejected) {
    const lines = rows.map((row) => [row.row, row.id, "ok", row.grade, row.gpa, ...GRADES.map((grade) => row.probabilities[grade]), ""]);
    for (const item of rejected) lines.push([item.row, item.answer.student_id, "rejected", "", "", "", "", "", "", "", reasons(item)]);
    lines.sort((a, b) => a[0] - b[0]);
    const head = ["row", "student_id", "status", "grade", "GPA", ...GRADES.map((grade) => `p_${grade}`), "errors"];
    return [head, ...lines].map((line) => `${line.map(quote).join(",")}\r\n`);
  }

  byId("download").addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff", ...parts], { type: "text/csv" }));
    link.download = "grades.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  byId("clear").addEventListener("click", () => {
    byId("results").hidden = true;
    parts = [];
    form.reset();
    table.fill([]);
    byId("rejected").tBodies[0].replaceChildren();
    say("");
    file.focus();
  });
  byId("cancel").addEventListener("click", () => running?.abort());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (file.files.length) answer(file.files[0]);
  });
  file.addEventListener("change", () => { if (file.files.length) answer(file.files[0]); });
  byId("send").hidden = true;
  byId("drophint").hidden = false;
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files.length) answer(event.dataTransfer.files[0]);
  });
}
