// The steps of the first 15 minutes tick themselves: what was visited is remembered by this browser alone.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const steps = document.querySelector("[data-steps]");
  const trace = steps.dataset.trace;
  const done = new Set(JSON.parse(localStorage.getItem("first-steps") || "[]"));
  if (trace) done.add("order");
  const keep = () => {
    localStorage.setItem("first-steps", JSON.stringify([...done]));
    steps.querySelectorAll("[data-step]").forEach((step) => step.classList.toggle("done", done.has(step.dataset.step)));
  };
  steps.querySelectorAll("[data-visit]").forEach((link) => link.addEventListener("click", () => { done.add(link.dataset.visit); keep(); }));
  keep();
});
