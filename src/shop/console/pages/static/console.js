// Small things that need a script: local times, charts, copying, ticks. Every page can be read without it.
"use strict";
const localTime = (root) => root.querySelectorAll("time[datetime]").forEach((at) => {
  const when = new Date(at.dateTime);
  if (isNaN(when)) return;
  const two = (n) => String(n).padStart(2, "0");
  at.textContent = `${two(when.getMonth() + 1)}-${two(when.getDate())} ${two(when.getHours())}:${two(when.getMinutes())}:${two(when.getSeconds())}.${String(when.getMilliseconds()).padStart(3, "0")}`;
  at.title = at.dateTime;
});
const colours = ["#8a3b12", "#3f6f9e", "#1d6b45", "#8a5a9e", "#b3261e", "#7d5600", "#2a7d86", "#5c636b"];
const ink = () => getComputedStyle(document.body).color;

// A line per series: {times: [s], series: [{label, values: [n|null]}]}
function chart(box) {
  const data = JSON.parse(box.querySelector("script").textContent);
  if (!data.times.length) return;
  const soft = getComputedStyle(document.documentElement).getPropertyValue("--line");
  const axis = { stroke: ink(), grid: { stroke: soft, width: 1 }, ticks: { stroke: soft, width: 1 } };
  const plot = new uPlot({
    width: box.clientWidth, height: 260, legend: { show: data.series.length < 13 },
    axes: [{ ...axis, values: [[86400, "{MM}-{DD}"], [60, "{HH}:{mm}"], [1, "{HH}:{mm}:{ss}"]] }, { ...axis, size: 70 }],
    series: [{ label: document.documentElement.lang === "ja" ? "時刻" : "time", value: "{MM}-{DD} {HH}:{mm}:{ss}" }, ...data.series.map((one, n) => ({
      label: one.label, stroke: colours[n % colours.length], width: 1.6, spanGaps: false,
      points: { show: data.times.length < 40, size: 5 } }))],
  }, [data.times, ...data.series.map((one) => one.values)], box);
  new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: 260 })).observe(box);
}
function fresh(root) {
  localTime(root);
  root.querySelectorAll(".chart:not([data-drawn])").forEach((box) => { box.dataset.drawn = "1"; chart(box); });
  root.querySelectorAll("[data-copy]").forEach((button) => { button.onclick = async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.done;
  }; });
}
document.addEventListener("DOMContentLoaded", () => fresh(document));
document.addEventListener("htmx:load", (event) => fresh(event.target));

// A span that is opened is asked for, so that the console sees which one a learner has found.
document.addEventListener("toggle", (event) => {
  const span = event.target;
  if (span.open && span.dataset.span) fetch(span.dataset.span).catch(() => {});
}, true);

// Ctrl+Enter runs a query.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.tagName === "TEXTAREA") event.target.form.requestSubmit();
});
