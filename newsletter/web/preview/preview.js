// Chooses the width that every mail is shown at, and whether its HTML or its text part is shown.
"use strict";
const frames = document.querySelectorAll("iframe");
document.querySelector("form").addEventListener("change", (event) => {
  const form = new FormData(event.currentTarget);
  document.querySelector("main").style.setProperty("--width", `${form.get("width")}px`);
  for (const frame of frames) {
    const source = `${frame.dataset.language}.${form.get("part")}`;
    if (frame.getAttribute("src") !== source) frame.src = source;
  }
});
